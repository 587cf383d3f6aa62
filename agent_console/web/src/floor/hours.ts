/** The forecast by the hour, as people plan. Pure. */
import { timeOfDay } from '../lib/time';
import type { Slot } from './schema';

export interface ComingHour {
  fromMs: number;
  calls: number;
  /** The most that any part of the hour needs. */
  need: number;
  roster: number | null;
}

/** Slots of a clock hour become one; the first may be what is left of the present hour. */
export function comingHours(slots: readonly Slot[], zone: string): ComingHour[] {
  const hours: (ComingHour & { hour: string })[] = [];
  for (const { from_ms: fromMs, calls, need, roster } of slots) {
    const hour = timeOfDay(fromMs, zone).slice(0, 2);
    const last = hours.at(-1);
    if (last?.hour !== hour) {
      hours.push({ hour, fromMs, calls, need, roster });
      continue;
    }
    last.calls += calls;
    last.need = Math.max(last.need, need);
    last.roster = roster === null ? last.roster : Math.max(last.roster ?? 0, roster);
  }
  return hours.map(({ fromMs, calls, need, roster }) => ({ fromMs, calls, need, roster }));
}
