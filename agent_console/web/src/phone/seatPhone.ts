/** The seat's telephone in this page: one page of a browser at a time has it. */
import { computed, readonly, ref, shallowRef } from 'vue';

import { Refused } from '../api/http';
import { server } from '../api/server';
import { backoffMs } from '../live/follow';
import { microphone } from './microphone';
import type { LegState, LineState, SipLine } from './sipLine';

export type PhoneState = 'off' | 'connecting' | 'ready' | 'elsewhere' | 'taken' | 'failed';

export const PHONE_WORDS: Record<PhoneState, string> = {
  off: '电话未启用',
  connecting: '电话连接中',
  ready: '电话已就绪',
  elsewhere: '电话在其他标签页',
  taken: '电话在其他电脑',
  failed: '电话不可用',
};

const LOCK = 'hotline-seat-phone';
/** So many new passwords in so short a time mean that another computer keeps taking the seat. */
const RENEWALS = 4;
const RENEWALS_IN_MS = 120_000;

/** This page, told from the one that was here before a reload. */
const PAGE = Array.from(crypto.getRandomValues(new Uint8Array(12)), (byte) =>
  byte.toString(16).padStart(2, '0'),
).join('');

const state = ref<PhoneState>('off');
const problem = ref('');
const leg = ref<LegState | null>(null);
const muted = ref(false);
const sound = shallowRef<MediaStream | null>(null);

let line: SipLine | null = null;
/** Moves on whenever a line is closed: what an old line still says does not count. */
let generation = 0;
let release: (() => void) | null = null;
let waiting: AbortController | null = null;
/** The password was refused while a call was on. */
let refused = false;
let renewals: number[] = [];
let attempt = 0;
let retryTimer: ReturnType<typeof setTimeout> | undefined;

function lineChanged(next: LineState): void {
  if (next === 'ready') attempt = 0;
  if (next === 'ready' || next === 'connecting') state.value = next;
  if (next === 'refused') renew();
}

function legChanged(next: LegState | null): void {
  leg.value = next;
  if (next === null) {
    sound.value = null;
    muted.value = false;
    // The password was refused during the call; now is the time to ask for another.
    if (state.value === 'connecting' && refused) void register();
  }
}


/** Asterisk forgot the password (it was restarted) or another computer took the seat: ask anew. */
function renew(): void {
  const now = Date.now();
  renewals = [...renewals.filter((at) => now - at < RENEWALS_IN_MS), now];
  if (renewals.length > RENEWALS) {
    closeLine();
    state.value = 'taken';
    return;
  }
  state.value = 'connecting';
  refused = true;
  if (line?.busy !== true) void register();
}

async function register(): Promise<void> {
  closeLine();
  state.value = 'connecting';
  const mine = generation;
  const ofThisLine =
    <T extends unknown[]>(act: (...args: T) => void) =>
    (...args: T): void => {
      if (mine === generation) act(...args);
    };
  try {
    const [access, sip] = await Promise.all([server.seatPhone(PAGE), import('./sipLine')]);
    if (mine !== generation) return;
    problem.value = '';
    line = new sip.SipLine(access, {
      line: ofThisLine(lineChanged),
      leg: ofThisLine(legChanged),
      sound: ofThisLine((stream: MediaStream) => (sound.value = stream)),
    });
    line.start();
  } catch (error) {
    if (mine !== generation) return;
    state.value = 'failed';
    problem.value = error instanceof Error ? error.message : '';
    // No seat or no right: asking again would not help. A lapsed session comes back.
    if (error instanceof Refused && error.status < 500 && error.status !== 401) return;
    retryTimer = setTimeout(() => void register(), backoffMs(attempt++, Math.random()) + 1000);
  }
}

function closeLine(): void {
  generation += 1;
  refused = false;
  clearTimeout(retryTimer);
  line?.stop();
  line = null;
  legChanged(null);
}

/** Lets the lock go, or stops waiting for it. */
function leaveLock(): void {
  waiting?.abort();
  waiting = null;
  release?.();
  release = null;
}

/** Waits for the browser's lock, so that two tabs never fight for the seat's telephone. */
function takeLock(steal: boolean): void {
  leaveLock();
  const mine = new AbortController();
  waiting = mine;
  const held = (): Promise<void> => {
    if (mine.signal.aborted) return Promise.resolve();
    void register();
    return new Promise((resolve) => (release = resolve));
  };
  // Without locks (an address that is not secure) there is no microphone either.
  if (!('locks' in navigator)) {
    void held();
    return;
  }
  // Stealing does not wait, so it takes no signal.
  const options: LockOptions = steal ? { steal } : { signal: mine.signal };
  navigator.locks.request(LOCK, options, held).catch(() => {
    if (mine.signal.aborted) return;
    // Another tab took it over; when that one closes, this one has it again.
    release = null;
    closeLine();
    state.value = 'elsewhere';
    takeLock(false);
  });
}

const inTalk = (): boolean => leg.value === 'talking' || leg.value === 'answering';

// A page that goes in a talk hangs up on nobody: the controller keeps the caller company and
// rings this seat again as soon as its next page is there. Otherwise the telephone signs off.
addEventListener('pagehide', () => {
  if (inTalk()) server.seatGone(PAGE);
  else line?.stop();
});
addEventListener('beforeunload', (event) => {
  if (leg.value === 'talking') event.preventDefault();
});

/** The network is back, or the page woke: sockets that died meanwhile may not know it yet. */
function hurry(): void {
  if (state.value === 'failed') void register();
  else if (state.value === 'ready' || state.value === 'connecting') line?.check();
}
addEventListener('online', hurry);
document.addEventListener('visibilitychange', () => {
  if (!document.hidden) hurry();
});

export const seatPhone = {
  state: readonly(state),
  problem: readonly(problem),
  leg: readonly(leg),
  muted: readonly(muted),
  sound: readonly(sound) as Readonly<typeof sound>,
  ringing: computed(() => leg.value === 'ringing'),

  start(): void {
    if (state.value !== 'off') return;
    state.value = 'elsewhere';
    takeLock(false);
  },

  stop(): void {
    closeLine();
    leaveLock();
    state.value = 'off';
  },

  /** What stood in the way may be gone: try now instead of at the end of the wait. */
  retry: hurry,

  /** The person wants the telephone in this tab or on this computer. */
  takeHere(): void {
    renewals = [];
    if (state.value === 'elsewhere') takeLock(true);
    else if (state.value === 'taken' || state.value === 'failed') void register();
  },

  answer(): void {
    if (microphone.stream.value !== null) line?.answer(microphone.stream.value);
  },

  /** Ends the leg here; the way out when the controller does not answer. */
  hangUp(): void {
    line?.hangUp();
  },

  /** The talk is over at the other end, which could not tell us. */
  forgetTalk(): void {
    line?.forget();
  },

  mute(on: boolean): void {
    if (leg.value === null) return;
    line?.mute(on);
    muted.value = on;
  },
};
