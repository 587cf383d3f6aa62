/** A class as its form holds it, and what of it goes to the server. Pure. */
import type { TicketClass } from './schema';

export interface ClassValues {
  version: number;
  code: string;
  parent: string | null;
  label: string;
  place: string;
  open: boolean;
  pass_on_days: string;
  handle_days: string;
  handle_most_days: string;
  basis: string;
}

export const LABELS: Record<string, string> = {
  code: '编码',
  parent: '上级分类',
  label: '名称',
  place: '排列顺序',
  open: '启用',
  pass_on_days: '转办期限',
  handle_days: '办理期限',
  handle_most_days: '最长期限',
  basis: '法定依据',
};

const typed = (days: number | null | undefined): string => (days == null ? '' : String(days));

export function classValues(one: TicketClass | null, place: number): ClassValues {
  return {
    version: one?.version ?? 0,
    code: one?.code ?? '',
    parent: one?.parent ?? null,
    label: one?.label ?? '',
    place: String(one?.place ?? place),
    open: one?.open ?? true,
    pass_on_days: typed(one?.pass_on_days),
    handle_days: typed(one?.handle_days),
    handle_most_days: typed(one?.handle_most_days),
    basis: one?.basis ?? '',
  };
}

const DAYS = ['pass_on_days', 'handle_days', 'handle_most_days'] as const;
const MOST_DAYS = 366;

/** What can be seen to be wrong before it is sent, a sentence a field. */
export function classMistakes(values: ClassValues): Record<string, string> {
  const wrong: Record<string, string> = {};
  for (const name of DAYS) {
    if (wholeOf(values[name]) === undefined) wrong[name] = `请填写 1 到 ${MOST_DAYS} 的整数，没有则留空`;
  }
  const handle = wholeOf(values.handle_days);
  const most = wholeOf(values.handle_most_days);
  if (most != null && handle == null) wrong['handle_days'] ??= '填写最长期限时，请同时填写办理期限';
  if (most != null && handle != null && most < handle) {
    wrong['handle_most_days'] ??= '最长期限不能短于办理期限';
  }
  if (DAYS.some((name) => values[name].trim() !== '') && values.basis.trim() === '') {
    wrong['basis'] = '设置了法定期限，请写明依据';
  }
  if (!/^\d{1,4}$/.test(values.place.trim())) wrong['place'] = '请填写 0 到 9999 的整数';
  return wrong;
}

/** undefined: not a number of days. */
function wholeOf(text: string): number | null | undefined {
  if (text.trim() === '') return null;
  const value = Number(text);
  return /^\d{1,3}$/.test(text.trim()) && value >= 1 && value <= MOST_DAYS ? value : undefined;
}

export function classFields(values: ClassValues, before: TicketClass | null): Record<string, unknown> {
  const fields: Record<string, unknown> = {
    parent: values.parent,
    label: values.label.trim(),
    place: Number(values.place),
    open: values.open,
    basis: values.basis.trim(),
  };
  for (const name of DAYS) fields[name] = wholeOf(values[name]) ?? null;
  return before === null
    ? { ...fields, code: values.code.trim() }
    : { ...fields, version: values.version };
}
