/** The calls of a day by hour, as bars. Pure. */
import type { Hour } from './schema';

export interface Bar {
  hour: number;
  x: number;
  width: number;
  /** From the top of the drawing; both parts end at its foot. */
  answeredTop: number;
  answeredHeight: number;
  lostTop: number;
  lostHeight: number;
  words: string;
}

const LEAST_HOURS = 8;
const GAP = 2;

/**
 * Bars in a drawing `width` by `height`: answered at the foot, those who gave up on top.
 *
 * The hours from the first call to the last (at least eight, so that the first hour of a day is
 * no wall), each with its words for those who hover or listen.
 */
export function bars(hours: readonly Hour[], width: number, height: number): Bar[] {
  const busy = hours.filter(({ offered }) => offered > 0).map(({ hour }) => hour);
  if (busy.length === 0) return [];
  const last = Math.max(...busy, LEAST_HOURS - 1);
  const first = Math.min(Math.min(...busy), last - LEAST_HOURS + 1);
  const step = width / (last - first + 1);
  const most = Math.max(...hours.map((one) => Math.max(one.offered, one.answered + one.abandoned)));
  const byHour = new Map(hours.map((one) => [one.hour, one]));
  return Array.from({ length: last - first + 1 }, (_, index) => {
    const hour = first + index;
    const { offered, answered, abandoned } = byHour.get(hour) ?? {
      offered: 0,
      answered: 0,
      abandoned: 0,
    };
    const answeredHeight = (answered / most) * height;
    const lostHeight = (abandoned / most) * height;
    return {
      hour,
      x: index * step,
      width: Math.max(1, step - GAP),
      answeredTop: height - answeredHeight,
      answeredHeight,
      lostTop: height - answeredHeight - lostHeight,
      lostHeight,
      words: `${hour} 时：来电 ${offered}，接通 ${answered}，放弃 ${abandoned}`,
    };
  });
}

/** One sentence instead of the drawing. */
export function inWords(hours: readonly Hour[]): string {
  const busy = hours.filter(({ offered }) => offered > 0);
  if (busy.length === 0) return '今日还没有来电';
  const sum = (pick: (one: Hour) => number): number => busy.reduce((all, one) => all + pick(one), 0);
  const top = busy.reduce((most, one) => (one.offered > most.offered ? one : most));
  return (
    `今日来电 ${sum(({ offered }) => offered)} 个，接通 ${sum(({ answered }) => answered)} 个，` +
    `放弃 ${sum(({ abandoned }) => abandoned)} 个；最多的是 ${top.hour} 时，来电 ${top.offered} 个`
  );
}
