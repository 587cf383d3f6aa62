/** How long something shall hold: the choices of the floor's dialogs. Pure. */
import { dateOf, dayStart } from '../lib/time';

export type Length = '30m' | '1h' | '2h' | 'day';

export const LENGTHS: readonly { code: Length; label: string }[] = [
  { code: '30m', label: '30 分钟' },
  { code: '1h', label: '1 小时' },
  { code: '2h', label: '2 小时' },
  { code: 'day', label: '到今日 24 时' },
];

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

/** The moment at which it ends, epoch milliseconds; a day ends in the zone of the hotline. */
export function untilMs(length: Length, nowMs: number, zone: string): number {
  switch (length) {
    case '30m':
      return nowMs + 30 * MINUTE_MS;
    case '1h':
      return nowMs + 60 * MINUTE_MS;
    case '2h':
      return nowMs + 120 * MINUTE_MS;
    case 'day':
      return (dayStart(dateOf(nowMs, zone), zone) ?? nowMs) + DAY_MS;
  }
}
