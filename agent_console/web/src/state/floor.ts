/** Seats, calls and queues as the feed tells them. The reducer is pure. */
import { computed, shallowRef } from 'vue';

import type { Floor, FloorCall, Seat } from '../api/schema';
import type { Change } from '../live/messages';

export interface FloorState {
  seats: ReadonlyMap<number, Seat>;
  calls: ReadonlyMap<string, FloorCall>;
  queues: readonly { name: string; label: string }[];
}

export interface QueueView {
  name: string;
  label: string;
  waiting: number;
  longestSinceMs: number | null;
}

const WAITING = new Set(['waiting', 'ringing']);
/** A reading takes no longer than this; older changes are in it. */
const KEPT_MS = 60_000;

export const EMPTY_FLOOR: FloorState = { seats: new Map(), calls: new Map(), queues: [] };

export function floorFrom(floor: Floor): FloorState {
  return {
    seats: new Map(floor.seats.map((seat) => [seat.id, seat])),
    calls: new Map(floor.calls.map((call) => [call.call_id, call])),
    queues: floor.queues.map(({ name, label }) => ({ name, label })),
  };
}

export function applyToFloor(state: FloorState, change: Change): FloorState {
  if (change.topic === 'seat') {
    return { ...state, seats: new Map(state.seats).set(change.data.id, change.data) };
  }
  if (change.topic !== 'call') return state;
  const calls = new Map(state.calls);
  const call = change.data;
  if (call.stage === 'ended') calls.delete(call.call_id);
  else calls.set(call.call_id, call);
  return { ...state, calls };
}

/**
 * The floor as it was read, with what the feed told while the answer was under way: a reading
 * must not take back what the screen knew already.
 */
export function caughtUp(floor: Floor, recent: readonly Change[]): FloorState {
  return recent.filter(({ seq }) => seq > floor.seq).reduce(applyToFloor, floorFrom(floor));
}

/** Each queue with how many wait and since when the first of them does. */
export function queueViews(state: FloorState): QueueView[] {
  return state.queues.map(({ name, label }) => {
    const since = [...state.calls.values()]
      .filter((call) => call.queue === name && WAITING.has(call.stage))
      .map((call) => call.waiting_ms ?? call.queued_ms);
    const known = since.filter((at) => at !== null);
    return {
      name,
      label,
      waiting: since.length,
      longestSinceMs: known.length > 0 ? Math.min(...known) : null,
    };
  });
}

const state = shallowRef<FloorState>(EMPTY_FLOOR);
const known = shallowRef(false);
let recent: { heardMs: number; change: Change }[] = [];

function remember(change: Change): void {
  const heardMs = performance.now();
  recent.push({ heardMs, change });
  // Cut in batches: a busy floor brings fifty changes a second.
  const oldest = recent[0];
  if (oldest !== undefined && heardMs - oldest.heardMs > 2 * KEPT_MS) {
    recent = recent.filter((one) => heardMs - one.heardMs <= KEPT_MS);
  }
}

export const floor = {
  state: computed(() => state.value),
  queues: computed(() => queueViews(state.value)),
  /** False until the first reading; a screen then shows no figure rather than a wrong one. */
  known: computed(() => known.value),

  load(read: Floor): void {
    state.value = caughtUp(
      read,
      recent.map(({ change }) => change),
    );
    known.value = true;
  },
  apply(change: Change): void {
    if (change.topic !== 'seat' && change.topic !== 'call') return;
    remember(change);
    state.value = applyToFloor(state.value, change);
  },
  forget(): void {
    recent = [];
    state.value = EMPTY_FLOOR;
    known.value = false;
  },
};
