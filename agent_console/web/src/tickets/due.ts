/** A deadline in words, as a countdown in working time. Pure. */
import type { Due, Left } from './schema';

export type Urgency = 'late' | 'soon' | 'fine' | 'none';

/** "1 个工作日 3 小时"; what is nothing is left out, minutes only below a day. */
export function spanOf({ days, hours, minutes }: Omit<Left, 'late' | 'words'>): string {
  const parts = [
    days > 0 ? `${days} 个工作日` : '',
    hours > 0 ? `${hours} 小时` : '',
    days === 0 && minutes > 0 ? `${minutes} 分钟` : '',
  ].filter(Boolean);
  return parts.length > 0 ? parts.join(' ') : '不足 1 分钟';
}

function isNothing({ days, hours, minutes }: Omit<Left, 'late' | 'words'>): boolean {
  return days === 0 && hours === 0 && minutes === 0;
}

/** Less than a working day is soon: the last day of a term. */
export function urgencyOf(due: Pick<Due, 'due_ms' | 'left'>): Urgency {
  if (due.due_ms === null || due.left === null) return 'none';
  if (due.left.late) return 'late';
  return due.left.days < 1 ? 'soon' : 'fine';
}

/** The colour's word stands in the text: 已超期, 临近 or 剩余. */
export function dueWords(due: Pick<Due, 'due_ms' | 'left'>): string {
  const urgency = urgencyOf(due);
  if (due.left === null || urgency === 'none') return '';
  const span = spanOf(due.left);
  // Late since the last evening: no working time has gone by, but "less than a minute" would mislead.
  if (urgency === 'late') return isNothing(due.left) ? '已超期' : `已超期 ${span}`;
  return urgency === 'soon' ? `临近 剩余 ${span}` : `剩余 ${span}`;
}

/** "星期三" */
export function weekday(ms: number, zone: string): string {
  return new Intl.DateTimeFormat('zh-CN', { timeZone: zone, weekday: 'long' }).format(ms);
}

/** "2026年11月22日", as letters are dated. */
export function chineseDate(ms: number, zone: string): string {
  return new Intl.DateTimeFormat('zh-CN', { timeZone: zone, dateStyle: 'long' }).format(ms);
}
