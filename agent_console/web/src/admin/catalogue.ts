/** What the dispatch catalogue lacks. Pure. */
import type { DispatchRule, TicketClass } from './schema';

/** Labels of open classes that no rule is for, neither theirs nor that of a class above. */
export function missingClasses(
  classes: readonly TicketClass[],
  rules: readonly DispatchRule[],
): string[] {
  const ruled = new Set(rules.map(({ class_code: code }) => code));
  const parentOf = new Map(classes.map((one) => [one.code, one.parent]));
  function covered(code: string): boolean {
    const seen = new Set<string>();
    for (let at: string | null = code; at !== null && !seen.has(at); at = parentOf.get(at) ?? null) {
      if (ruled.has(at)) return true;
      seen.add(at);
    }
    return false;
  }
  const above = new Set(classes.filter(({ open }) => open).map(({ parent }) => parent));
  return classes
    .filter((one) => one.open && !above.has(one.code) && !covered(one.code))
    .map(({ label }) => label);
}
