/** The classes as the rows of their tree, those that were looked for with the way to them. Pure. */
import { treeRows } from '../admin/tree';
import { matches } from '../lib/pinyin';

export interface ClassOf {
  code: string;
  label: string;
  parent: string | null;
}

const TREE = { key: (one: ClassOf) => one.code, parent: (one: ClassOf) => one.parent };
const NONE: ReadonlySet<string> = new Set();

/**
 * In the order of the tree. What was typed is looked for in each label alone, so that the first row
 * (which Enter takes) is what was meant: matches stand before their ancestors' other branches.
 */
export function classRows(
  classes: readonly ClassOf[],
  typed: string,
): { code: string; label: string; depth: number }[] {
  const wanted = typed.trim() === '' ? null : (one: ClassOf) => matches(one.label, typed);
  const rows = treeRows(classes, TREE, NONE, null).map(({ item, depth }) => ({ ...item, depth }));
  const shown = wanted === null ? rows : rows.filter(wanted).map((row) => ({ ...row, depth: 0 }));
  return shown.map(({ code, label, depth }) => ({ code, label, depth }));
}
