/** The experts of the departments: read when somebody looks, and again when one changes. */
import { onMounted, onScopeDispose } from 'vue';

import { server } from '../api/server';
import { useReading } from '../lib/useReading';
import { live } from '../live/useLive';

const reading = useReading(() => server.experts(''));

export function useExperts() {
  onMounted(() => void reading.read());
  const stops = [
    live.onChange((change) => {
      if (change.topic === 'expert') void reading.read();
    }),
    live.onReload(() => void reading.read()),
  ];
  onScopeDispose(() => stops.forEach((stop) => stop()));
  return reading;
}
