/**
 * How long ago something began, counted on screen: `<td v-elapsed="since_ms">`.
 *
 * Two hundred rows count at once, so one timer writes the texts itself, and Vue hears nothing.
 */
import type { Directive } from 'vue';

import { serverNow } from '../lib/clock';
import { clockSpan } from '../lib/time';

const TICK_MS = 500;
const shown = new Map<HTMLElement, number | null>();
let timer: ReturnType<typeof setInterval> | undefined;

function write(element: HTMLElement, since: number | null, now: number): void {
  const text = since === null ? '—' : clockSpan(now - since);
  if (element.textContent !== text) element.textContent = text;
}

function tick(): void {
  const now = serverNow();
  for (const [element, since] of shown) write(element, since, now);
}

function take(element: HTMLElement, since: number | null): void {
  shown.set(element, since);
  write(element, since, serverNow());
  timer ??= setInterval(tick, TICK_MS);
}

// A page that was asleep shows the right times at once.
document.addEventListener('visibilitychange', tick);

export const vElapsed: Directive<HTMLElement, number | null> = {
  mounted: (element, { value }) => take(element, value),
  updated: (element, { value, oldValue }) => {
    if (value !== oldValue) take(element, value);
  },
  unmounted: (element) => {
    shown.delete(element);
    if (shown.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  },
};
