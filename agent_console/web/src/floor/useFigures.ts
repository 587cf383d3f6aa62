/**
 * The figures of the day and the staffing of the page that shows them: told by the feed, read when
 * the feed has been silent about them, and read at once when the page wakes up.
 */
import { onScopeDispose, ref, type Ref } from 'vue';

import { serverNow } from '../lib/clock';
import { useReading, type Reading } from '../lib/useReading';
import { live } from '../live/useLive';
import type { Figures, Staffing } from './schema';
import { floorServer } from './server';

const LOOK_MS = 1_000;
/** The feed tells the figures once a second while anything happens. */
const FIGURES_MS = 4_000;
/** Its changes are told; the forecast itself moves with the clock. */
const STAFFING_MS = 20_000;

export interface FloorFigures {
  figures: Reading<Figures>;
  staffing: Reading<Staffing>;
  /** When the figures last came, in the server's time; null before the first ones. */
  heardMs: Ref<number | null>;
}

export function useFigures(): FloorFigures {
  const heardMs = ref<number | null>(null);
  let figuresAt = 0;
  let staffingAt = 0;

  const figures = useReading(async () => {
    const read = await floorServer.figures();
    heardMs.value = serverNow();
    return read;
  });
  const staffing = useReading(() => floorServer.staffing());

  function readFigures(): void {
    figuresAt = performance.now();
    void figures.read();
  }
  function readStaffing(): void {
    staffingAt = performance.now();
    void staffing.read();
  }
  function readBoth(): void {
    readFigures();
    readStaffing();
  }
  function wakeUp(): void {
    if (!document.hidden) readBoth();
  }

  const stops = [
    live.onReload(readBoth),
    live.onChange((change) => {
      if (change.topic === 'figures') {
        figuresAt = performance.now();
        figures.value.value = change.data;
        figures.failed.value = '';
        heardMs.value = serverNow();
      }
      if (change.topic === 'staffing') readStaffing();
    }),
  ];
  const timer = setInterval(() => {
    if (document.hidden) return;
    const now = performance.now();
    if (now - figuresAt >= FIGURES_MS) readFigures();
    if (now - staffingAt >= STAFFING_MS) readStaffing();
  }, LOOK_MS);
  document.addEventListener('visibilitychange', wakeUp);
  readBoth();

  onScopeDispose(() => {
    stops.forEach((stop) => stop());
    clearInterval(timer);
    document.removeEventListener('visibilitychange', wakeUp);
  });
  return { figures, staffing, heardMs };
}
