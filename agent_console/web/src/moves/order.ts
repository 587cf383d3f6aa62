/** The moves a person may do now, in the order in which a page offers them. Pure. */
import type { Move, RefusedMove } from '../tickets/schema';

/** What is said beside the handling and never is the next thing to do. */
const BESIDE = new Set(['note', 'urge', 'supervise', 'flag_special', 'contact']);
/** Saying no, or asking for something out of the ordinary: never the button that stands out. */
const SAYS_NO =
  /^(refuse|ask|send_back|return_draft|dismiss|review|reject|merge|suspend|terminate)/;

export interface Offered {
  /** What carries the ticket on, the usual one first. */
  main: Move[];
  beside: Move[];
  /** The one that stands out; null when only exceptions are left. */
  first: string | null;
}

export function offered(moves: readonly Move[], without: ReadonlySet<string>): Offered {
  const shown = moves.filter((move) => !without.has(move.name));
  const carries = shown.filter((move) => !BESIDE.has(move.name));
  const usual = carries.filter((move) => !SAYS_NO.test(move.name));
  const rest = carries.filter((move) => SAYS_NO.test(move.name));
  return {
    main: [...usual, ...rest],
    beside: shown.filter((move) => BESIDE.has(move.name)),
    first: usual[0]?.name ?? null,
  };
}

/** Those of this person's own work first; "由…办理" only says that it is somebody else's. */
export function whyNots(refused: readonly RefusedMove[]): { own: RefusedMove[]; others: RefusedMove[] } {
  const foreign = (one: RefusedMove): boolean =>
    one.reasons.length > 0 && one.reasons.every(({ message }) => /^由.+办理$/.test(message));
  return {
    own: refused.filter((one) => !foreign(one)),
    others: refused.filter(foreign),
  };
}
