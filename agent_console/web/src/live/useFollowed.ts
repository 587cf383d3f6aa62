/** What was read is read again when the feed tells that it changed; what stands stays till then. */
import { onMounted, onScopeDispose } from 'vue';

import { useReading, type Reading } from '../lib/useReading';
import type { Change } from './messages';
import { live } from './useLive';

/** An import or a person at work changes many things in a row: they are read once. */
const PAUSE_MS = 300;

export function useFollowed<T>(ask: () => Promise<T>, ...topics: Change['topic'][]): Reading<T> {
  const reading = useReading(ask);
  let timer: ReturnType<typeof setTimeout> | undefined;
  const stops = [
    live.onChange((change) => {
      if (!topics.includes(change.topic)) return;
      timer ??= setTimeout(() => {
        timer = undefined;
        void reading.read();
      }, PAUSE_MS);
    }),
    live.onReload(() => void reading.read()),
  ];
  onMounted(() => void reading.read());
  onScopeDispose(() => {
    stops.forEach((stop) => stop());
    clearTimeout(timer);
  });
  return reading;
}
