/** Which alarms are new enough to be heard. Pure. */
import type { Alarm } from './schema';

/** While a red alarm lasts it is heard again after this long. */
export const AGAIN_MS = 60_000;

export type Sound = 'red' | 'amber' | null;

export interface Heard {
  /** When each alarm that lasts was heard last, by `keyOf`. */
  at: ReadonlyMap<string, number>;
}

export const NOTHING_HEARD: Heard = { at: new Map() };

export function keyOf({ code, queue, level }: Alarm): string {
  return `${level} ${code} ${queue ?? ''}`;
}

/**
 * What is to be heard now, and what is remembered: a new alarm sounds once, a red one again each
 * minute; one that went and came back is new.
 */
export function listen(heard: Heard, alarms: readonly Alarm[], nowMs: number): [Sound, Heard] {
  const at = new Map<string, number>();
  let sound: Sound = null;
  for (const alarm of alarms) {
    const key = keyOf(alarm);
    const before = heard.at.get(key);
    const again = alarm.level === 'red' && before !== undefined && nowMs - before >= AGAIN_MS;
    const due = before === undefined || again;
    at.set(key, due ? nowMs : before);
    if (due && sound !== 'red') sound = alarm.level;
  }
  return [sound, { at }];
}

/** Red before amber, otherwise as the server ordered them. */
export function inOrder(alarms: readonly Alarm[]): Alarm[] {
  return [...alarms].sort((a, b) => Number(b.level === 'red') - Number(a.level === 'red'));
}

/** The colour of one figure of a queue: the worst alarm of the code it belongs to. */
export function levelOf(
  alarms: readonly Alarm[],
  queue: string,
  ...codes: string[]
): Alarm['level'] | '' {
  const own = alarms.filter(
    (alarm) => alarm.queue === queue && (codes.length === 0 || codes.includes(alarm.code)),
  );
  return inOrder(own)[0]?.level ?? '';
}

export const LEVEL_WORDS: Record<Alarm['level'], string> = { red: '告警', amber: '预警' };
