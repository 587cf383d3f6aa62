/** Whether a call rings for me, and everything that draws my attention to it. */
import { computed, onScopeDispose, ref, watch } from 'vue';

import { clockSpan } from '../lib/time';
import { serverNow } from '../lib/clock';
import { microphone } from '../phone/microphone';
import { startRinging, stopRinging } from '../phone/ringer';
import { seatPhone } from '../phone/seatPhone';
import { desk } from '../state/desk';
import { floor } from '../state/floor';
import { session } from '../state/session';

const NAME = '12345 营商环境专线';

/** My seat rings; or its telephone does, a moment before the feed says so. */
const rings = computed(() => {
  if (seatPhone.leg.value === 'talking') return false;
  if (seatPhone.leg.value === 'answering') return desk.seat.value?.state !== 'talking';
  return seatPhone.leg.value === 'ringing' || desk.seat.value?.state === 'ringing';
});

/** The feed's word of the call that rings, there before its card is read. */
export const glimpse = computed(
  () => floor.state.value.calls.get(desk.seat.value?.call_id ?? '') ?? null,
);

/** How long it may stay unknown whether a ring is answered by itself; then it is a ring. */
const UNKNOWN_MS = 500;
const longUnknown = ref(false);
let unknownTimer: ReturnType<typeof setTimeout> | undefined;
watch(rings, (now) => {
  clearTimeout(unknownTimer);
  longUnknown.value = false;
  if (now) unknownTimer = setTimeout(() => (longUnknown.value = true), UNKNOWN_MS);
});

/** A call rings for me that I must answer with a press. */
export const ringing = computed(() => {
  if (!rings.value || desk.answersItself.value) return false;
  const known = desk.card.value !== null || glimpse.value?.stage === 'waiting';
  return known || longUnknown.value;
});

export const answerable = computed(() => seatPhone.leg.value === 'ringing');

/** Callers waiting in the queues that my seat answers; all of them for who leads the floor. */
export const myQueues = computed(() => {
  if (desk.seat.value === null && session.rooms.value.includes('floor')) return floor.queues.value;
  const mine = new Set(desk.seat.value?.skills.map((skill) => skill.queue) ?? []);
  return floor.queues.value.filter((queue) => mine.has(queue.name));
});

export async function answer(): Promise<void> {
  if (!answerable.value) return;
  if (await microphone.open()) seatPhone.answer();
  else desk.say('麦克风打不开，不能接听。请检查耳麦。');
}

function notify(): Notification | null {
  if (!document.hidden || !('Notification' in window)) return null;
  if (Notification.permission !== 'granted') return null;
  const card = desk.card.value;
  const note = new Notification('有来电', {
    body: card?.queue_label ?? NAME,
    tag: 'hotline-ringing',
    requireInteraction: true,
  });
  note.onclick = () => {
    focus();
    note.close();
  };
  return note;
}

function titleNow(page: string): string {
  if (ringing.value) {
    const since = desk.card.value?.queued_ms;
    const waited = since == null ? '' : ` ${clockSpan(serverNow() - since)}`;
    return `【来电${waited}】${NAME}`;
  }
  const waiting = myQueues.value.reduce((sum, queue) => sum + queue.waiting, 0);
  return `${waiting > 0 ? `(${waiting}) ` : ''}${page === '' ? '' : `${page} · `}${NAME}`;
}

/** Sound, desktop notification and tab title; `page` gives the name of the page shown. */
export function useRingSignals(page: () => string): void {
  let note: Notification | null = null;
  watch(ringing, (now) => {
    note?.close();
    note = null;
    if (now) {
      startRinging();
      note = notify();
    } else stopRinging();
  });
  const setTitle = (): void => {
    const title = titleNow(page());
    if (document.title !== title) document.title = title;
  };
  const timer = setInterval(setTitle, 1000);
  watch(() => [page(), ringing.value, myQueues.value], setTitle, { immediate: true });
  onScopeDispose(() => {
    clearInterval(timer);
    stopRinging();
    note?.close();
  });
}
