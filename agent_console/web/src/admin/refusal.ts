/** What the server's refusal means for a form. Pure. */
import type { Problem } from '../api/schema';

/** The sentence that stands below the form: what no field can say. */
export function leftOver(problem: Problem, labels: Record<string, string>): string {
  const others = problem.errors.filter(
    ({ field }) => !(field in labels) && !((field.split('.')[0] ?? '') in labels),
  );
  if (others.length > 0) return others.map(({ field, message }) => `${field}：${message}`).join('；');
  if (problem.errors.length > 0) return '没有保存，请更正标出的项目。';
  return problem.detail ?? problem.title;
}

export interface Clash {
  version: number;
  current: Record<string, unknown>;
  sentence: string;
}

/**
 * Somebody else saved the same thing meanwhile (409 with `current`): which of the fields, and
 * the version to save over. Null when it was no such refusal.
 */
export function whatChanged(
  current: unknown,
  base: Record<string, unknown>,
  labels: Record<string, string>,
): Clash | null {
  if (typeof current !== 'object' || current === null || !('version' in current)) return null;
  const { version } = current;
  if (typeof version !== 'number') return null;
  const now = current as Record<string, unknown>;
  const names = Object.keys(labels).filter(
    (name) => name in base && name in now && JSON.stringify(base[name]) !== JSON.stringify(now[name]),
  );
  const which = names.length === 0 ? '' : `（${names.map((name) => labels[name] ?? name).join('、')}）`;
  return {
    version,
    current: now,
    sentence: `在您修改期间，他人已经保存过${which}。您填写的内容仍在；再次保存将以您的内容为准。`,
  };
}
