/** The server's time once a second: for what is decided by it, not for times that are shown. */
import { onScopeDispose, ref, type Ref } from 'vue';

import { serverNow } from '../lib/clock';

const TICK_MS = 1_000;

export function useSlowNow(): Ref<number> {
  const now = ref(serverNow());
  const tick = (): void => void (now.value = serverNow());
  const timer = setInterval(tick, TICK_MS);
  document.addEventListener('visibilitychange', tick);
  onScopeDispose(() => {
    clearInterval(timer);
    document.removeEventListener('visibilitychange', tick);
  });
  return now;
}
