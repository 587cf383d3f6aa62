/** What a digest's state is called, and what a quarter's report begins with. Pure. */
import type { Digest, DigestRow } from './schema';

/** How a period stands, for the list; `tone` goes with the word, never alone. */
export function standing(row: Pick<DigestRow, 'state' | 'over' | 'due' | 'quarter'>): {
  word: string;
  tone: 'calm' | 'due' | 'done';
} {
  if (row.state === 'kept') return { word: '已存档', tone: 'done' };
  if (row.state === 'signed') return { word: '已签发', tone: 'done' };
  if (row.state === 'to_sign') return { word: '待签发', tone: 'due' };
  if (!row.over) return { word: '进行中', tone: 'calm' };
  if (!row.due) return { word: '—', tone: 'calm' };
  return { word: row.quarter ? '待上报' : '待汇总', tone: 'due' };
}

/** More or fewer than in the period before, in words. */
export function compared(now: number, before: number): string {
  if (now === before) return '与上期持平';
  return now > before ? `比上期多 ${now - before} 件` : `比上期少 ${before - now} 件`;
}

/** The months' texts one under the other, to write the quarter's analysis from. */
export function fromMonths(months: Digest['months']): string {
  return months
    .filter(({ text }) => text.trim() !== '')
    .map(({ label, total, text }) => `${label}（${total} 件）\n${text.trim()}`)
    .join('\n\n');
}
