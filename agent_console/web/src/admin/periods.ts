/** Periods in words. Pure. */
import type { Period } from './schema';

export function isSwitch(period: Period): boolean {
  return period.unit === '开关' || (period.low === 0 && period.high === 1);
}

export function periodWords(period: Period, value: number): string {
  if (isSwitch(period)) return value === 1 ? '采用' : '不采用';
  return `${value} ${period.unit}`.trim();
}

/** Why this can't be the value; empty when it can. */
export function periodMistake(period: Period, typed: string): string {
  const text = typed.trim();
  const value = Number(text);
  return /^\d{1,4}$/.test(text) && value >= period.low && value <= period.high
    ? ''
    : `请填写 ${period.low} 到 ${period.high} 的整数`;
}
