/** A year as twelve sheets of weeks, Monday first. Pure; days are "2026-02-17" throughout. */
import type { Day } from './schema';

export interface Month {
  /** 1 to 12 */
  month: number;
  /** Weeks of seven; null where the week belongs to another month. */
  weeks: (Day | null)[][];
}

const WEEK = 7;

/** Monday 0 … Sunday 6. */
export function weekday(day: string): number {
  return (new Date(`${day}T00:00:00Z`).getUTCDay() + 6) % WEEK;
}

export function months(days: readonly Day[]): Month[] {
  return Array.from({ length: 12 }, (_, index) => {
    const month = index + 1;
    const part = `-${String(month).padStart(2, '0')}-`;
    return { month, weeks: weeks(days.filter((one) => one.day.includes(part))) };
  });
}

function weeks(days: readonly Day[]): (Day | null)[][] {
  const first = days[0];
  if (first === undefined) return [];
  const cells: (Day | null)[] = [...Array<null>(weekday(first.day)).fill(null), ...days];
  while (cells.length % WEEK !== 0) cells.push(null);
  return Array.from({ length: cells.length / WEEK }, (_, row) =>
    cells.slice(row * WEEK, (row + 1) * WEEK),
  );
}

/** The day that an arrow key leads to; null when the key leads nowhere or out of the year. */
export function dayByKey(day: string, key: string): string | null {
  const steps: Partial<Record<string, number>> = {
    ArrowLeft: -1,
    ArrowRight: 1,
    ArrowUp: -WEEK,
    ArrowDown: WEEK,
  };
  const step = steps[key];
  if (step === undefined) return null;
  const date = new Date(`${day}T00:00:00Z`);
  date.setUTCDate(date.getUTCDate() + step);
  const next = date.toISOString().slice(0, 10);
  return next.slice(0, 4) === day.slice(0, 4) ? next : null;
}

/** True for what the plain week would not say: a working Saturday, a Monday off, a half day. */
export function unusual(day: Day): boolean {
  const weekend = weekday(day.day) >= 5;
  return day.kind === 'half' || (day.kind === 'work') === weekend;
}

/** What a mark stands beside: the unusual, and a weekend that a notice names as part of a holiday. */
export function marked(day: Day): boolean {
  return unusual(day) || (day.kind === 'off' && day.source !== '');
}

/** The sources that made days unusual, each once, in the order of the year. */
export function sources(days: readonly Day[]): string[] {
  return [...new Set(days.filter(marked).map(({ source }) => source))].filter((one) => one !== '');
}

export interface Counts {
  work: number;
  half: number;
  off: number;
}

export function counts(days: readonly Day[]): Counts {
  const found: Counts = { work: 0, half: 0, off: 0 };
  for (const { kind } of days) found[kind] += 1;
  return found;
}
