/** What can be picked from a list. Pure. */
import type { TicketClass, Unit } from './schema';
import { treeRows } from './tree';

export interface Pick<V extends string | number> {
  value: V;
  label: string;
  hint?: string;
  depth?: number;
  disabled?: boolean;
}

export const UNIT_TREE = { key: (unit: Unit) => unit.id, parent: (unit: Unit) => unit.parent_id };
export const CLASS_TREE = {
  key: (one: TicketClass) => one.code,
  parent: (one: TicketClass) => one.parent,
};
const NONE_CLOSED: ReadonlySet<never> = new Set();

/** Units in the order of their tree; a closed one, or one of `never`, can't be picked. */
export function unitPicks(
  units: readonly Unit[],
  never: ReadonlySet<number> = new Set(),
): Pick<number>[] {
  return treeRows(units, UNIT_TREE, NONE_CLOSED, null).map(({ item, depth }) => ({
    value: item.id,
    label: item.name,
    hint: item.open ? item.region : '已停用',
    depth,
    disabled: !item.open || never.has(item.id),
  }));
}

export function classPicks(
  classes: readonly TicketClass[],
  never: ReadonlySet<string> = new Set(),
): Pick<string>[] {
  return treeRows(classes, CLASS_TREE, NONE_CLOSED, null).map(({ item, depth }) => ({
    value: item.code,
    label: item.label,
    hint: item.open ? item.code : '已停用',
    depth,
    disabled: !item.open || never.has(item.code),
  }));
}

interface Named {
  code: string;
  label: string;
}

/** A region's name; its code when the place has no name for it, "全部区域" for the whole. */
export function regionLabel(regions: readonly Named[], code: string, whole = '全部区域'): string {
  if (code === '') return whole;
  return regions.find((one) => one.code === code)?.label ?? code;
}

/** The regions of the place and those in use, each once, in the order of their codes. */
export function regionPicks(regions: readonly Named[], used: readonly string[]): Pick<string>[] {
  const codes = new Set([...regions.map(({ code }) => code), ...used]);
  codes.delete('');
  return [...codes].sort().map((value) => {
    const label = regionLabel(regions, value);
    return label === value ? { value, label } : { value, label, hint: value };
  });
}
