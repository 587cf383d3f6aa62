/** My seat and my call: what the server last said, and what I can do about it. */
import { computed, reactive, ref, shallowRef } from 'vue';

import { sentence } from '../api/http';
import type { CallCard, Seat } from '../api/schema';
import { server, type CallArgs, type CallVerb } from '../api/server';
import type { Change } from '../live/messages';
import { oneAtATime } from '../lib/refresh';

const seat = shallowRef<Seat | null>(null);
/** How many changes of my seat were told. */
let told = 0;
const card = shallowRef<CallCard | null>(null);
const running = reactive(new Set<Action>());
const problem = ref('');

type Action = CallVerb | 'available' | 'pause' | 'offline' | 'wrap-up' | 'call-back';

/** The card after a reading: an ended call stays until its wrap-up is over. Pure. */
export function nextCard(
  current: CallCard | null,
  read: CallCard | null,
  state: Seat['state'] | null,
): CallCard | null {
  if (read !== null) return read;
  return current !== null && state === 'wrap_up' ? current : null;
}

/** Whether my telephone is to answer what rings now without a press. Pure. */
export function answersItself(
  mine: Pick<Seat, 'state' | 'call_id'> | null,
  current: Pick<CallCard, 'call_id' | 'auto_answer'> | null,
): boolean {
  if (mine === null || current === null || mine.call_id !== current.call_id) return false;
  // After a lost page the seat has been in the talk all the time, by its state.
  return current.auto_answer && ['ringing', 'reserved', 'talking'].includes(mine.state);
}

/** The card with what a change of the feed says about its call. Pure. */
export function patchedCard(card: CallCard | null, change: Change): CallCard | null {
  if (card === null) return card;
  if (change.topic === 'recording') {
    const { recording } = card;
    if (change.data.call_id !== card.call_id || recording === null) return card;
    const { state, problem } = change.data;
    return { ...card, recording: { ...recording, state, problem: problem ?? null } };
  }
  if (change.topic !== 'call' || change.data.call_id !== card.call_id) return card;
  const { data } = change;
  const recording =
    card.recording === null
      ? null
      : { ...card.recording, paused: data.recording_paused ?? card.recording.paused };
  return {
    ...card,
    stage: data.stage,
    held: data.held,
    state: data.state,
    parties: data.parties,
    hint: data.hint ?? card.hint,
    owner_seat_id: data.owner_seat_id ?? card.owner_seat_id,
    talk_ms: data.talk_ms ?? card.talk_ms,
    ended_ms: data.ended_ms ?? card.ended_ms,
    ticket_id: data.ticket_id ?? card.ticket_id,
    recording,
  };
}

const RETURN_WITHIN_MS = 120_000;

/** Whether a seat that lost its telephone a moment ago is to be available again. Pure. */
export function shouldReturn(
  mine: Pick<Seat, 'state' | 'reason' | 'since_ms' | 'phone_ready'>,
  phone: string,
  heard: boolean,
  nowMs: number,
): boolean {
  const lost = mine.state === 'offline' && mine.reason === 'phone_lost';
  const back = phone === 'ready' && mine.phone_ready && heard;
  return lost && back && nowMs - mine.since_ms < RETURN_WITHIN_MS;
}

/** What the feed told of calls while the card is on its way: its answer may be older than that. */
let meanwhile: Change[] | null = null;

const refreshCard = oneAtATime(async () => {
  const told: Change[] = [];
  meanwhile = told;
  try {
    const read = told.reduce(patchedCard, await server.currentCall());
    card.value = nextCard(card.value, read, seat.value?.state ?? null);
  } finally {
    meanwhile = null;
  }
});

function took(next: Seat): void {
  const before = seat.value;
  seat.value = next;
  // A refusal of before has nothing to say beside a new call.
  if (next.state === 'ringing' && before?.state !== 'ringing') problem.value = '';
  if (next.call_id === null) card.value = null;
  else if (before === null || before.call_id !== next.call_id || before.state !== next.state) reread();
}

/**
 * Takes an answer, unless a change was told while it was on its way: it may be older than that,
 * and what is newer will be told as well.
 */
async function takeAnswer(ask: () => Promise<Seat | null>): Promise<void> {
  const before = told;
  const next = await ask();
  if (next !== null && told === before) took(next);
}

function reread(): void {
  refreshCard().catch((error: unknown) => (problem.value = sentence(error)));
}

async function act(name: Action, ask: () => Promise<Seat | null>): Promise<boolean> {
  // The same press twice is one press; another button (hanging up) never waits for this one.
  if (running.has(name)) return false;
  running.add(name);
  problem.value = '';
  try {
    await takeAnswer(ask);
    return true;
  } catch (error) {
    problem.value = sentence(error);
    return false;
  } finally {
    running.delete(name);
  }
}

export const desk = {
  seat: computed(() => seat.value),
  card: computed(() => card.value),
  /** Whether this request is under way; its button shows it. */
  busy: (name: Action) => running.has(name),
  /** Why the last request was refused; empty when it was not. */
  problem: computed(() => problem.value),
  /** What rings now is answered by itself: a call of mine that comes back, or that I asked for. */
  answersItself: computed(() => answersItself(seat.value, card.value)),
  /** The call is mine to work on; an expert or a supervisor is a guest in it. */
  owns: computed(() => {
    if (card.value === null) return false;
    const owner = card.value.owner_seat_id;
    return owner === null ? card.value.is_owner : owner === seat.value?.id;
  }),

  begin(mine: Seat | null): void {
    seat.value = mine;
    card.value = null;
    problem.value = '';
  },

  async load(): Promise<void> {
    await takeAnswer(() => server.seat());
    // Without a call there is no card to read; a unit's seat has one only when it rings out.
    if (seat.value?.call_id != null) await refreshCard();
  },

  apply(change: Change): void {
    if (change.topic === 'seat' && change.data.id === seat.value?.id) {
      told += 1;
      took(change.data);
    }
    meanwhile?.push(change);
    const before = card.value;
    card.value = patchedCard(before, change);
    if (change.topic !== 'call' || change.data.call_id !== seat.value?.call_id) return;
    // Whether my ringing telephone answers by itself only the card says.
    const same = before?.stage === change.data.stage && before.state === change.data.state;
    if (!same) reread();
  },

  goAvailable: (microphone: boolean) => act('available', () => server.goAvailable(microphone)),
  pause: (reason: string) => act('pause', () => server.pause(reason)),
  goOffline: () => act('offline', () => server.goOffline()),
  endWrapUp: () => act('wrap-up', () => server.endWrapUp()),

  request(verb: CallVerb, args: CallArgs = {}): Promise<boolean> {
    const callId = card.value?.call_id;
    return callId === undefined ? Promise.resolve(false) : desk.requestOf(callId, verb, args);
  },
  /** As `request`, of a call that is not the one at my seat now. */
  requestOf: (callId: string, verb: CallVerb, args: CallArgs = {}) =>
    act(verb, async () => {
      await server.callRequest(callId, verb, args);
      await refreshCard();
      return null;
    }),
  /** Rings a citizen: my own telephone first, which answers by itself. */
  callBack: (whom: { ticket_id: number } | { missed_id: number }) =>
    act('call-back', async () => {
      await server.callBack(whom);
      return server.seat();
    }),

  say(text: string): void {
    problem.value = text;
  },
  clearProblem(): void {
    problem.value = '';
  },
};
