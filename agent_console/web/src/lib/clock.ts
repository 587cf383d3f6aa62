/** The server's time: durations on screen must not depend on how this computer's clock is set. */
import { onScopeDispose, ref, type Ref } from 'vue';

let offsetMs = 0;

/** `date` is the Date header of an answer (whole seconds). */
export function learnServerTime(date: string | null): void {
  if (date === null) return;
  const server = Date.parse(date);
  if (Number.isNaN(server)) return;
  const difference = server + 500 - Date.now();
  // The header has whole seconds: below two seconds it says nothing about our clock.
  const corrected = Math.abs(difference) < 2000 ? 0 : difference;
  if (Math.abs(corrected - offsetMs) > 1500) offsetMs = corrected;
}

export function serverNow(): number {
  return Date.now() + offsetMs;
}

/** The server's time as a ref, moved every half second while the component lives. */
export function useNow(): Ref<number> {
  const now = ref(serverNow());
  const timer = setInterval(() => (now.value = serverNow()), 500);
  onScopeDispose(() => clearInterval(timer));
  return now;
}
