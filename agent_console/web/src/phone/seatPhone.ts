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

const state = ref<PhoneState>('off');
const problem = ref('');
const leg = ref<LegState | null>(null);
const muted = ref(false);
const sound = shallowRef<MediaStream | null>(null);

let line: SipLine | null = null;
let release: (() => void) | null = null;
let running = 0;
let renewals: number[] = [];
let attempt = 0;
let retryTimer: ReturnType<typeof setTimeout> | undefined;

function lineChanged(run: number, next: LineState): void {
  if (run !== running) return;
  if (next === 'ready') attempt = 0;
  if (next === 'ready' || next === 'connecting') state.value = next;
  if (next === 'refused') void renew(run);
}

function legChanged(next: LegState | null): void {
  leg.value = next;
  if (next === null) {
    sound.value = null;
    muted.value = false;
  }
}

/** Asterisk forgot the password (it was restarted) or another page took the seat: ask anew. */
async function renew(run: number): Promise<void> {
  const now = Date.now();
  renewals = [...renewals.filter((at) => now - at < RENEWALS_IN_MS), now];
  if (renewals.length > RENEWALS) {
    closeLine();
    state.value = 'taken';
    return;
  }
  state.value = 'connecting';
  if (line?.busy !== true) await register(run);
}

async function register(run: number): Promise<void> {
  closeLine();
  state.value = 'connecting';
  try {
    const [access, sip] = await Promise.all([server.seatPhone(), import('./sipLine')]);
    if (run !== running) return;
    problem.value = '';
    line = new sip.SipLine(access, {
      line: (next) => lineChanged(run, next),
      leg: legChanged,
      sound: (stream) => (sound.value = stream),
    });
    line.start();
  } catch (error) {
    if (run !== running) return;
    state.value = 'failed';
    problem.value = error instanceof Error ? error.message : '';
    // No seat or no right: asking again would not help.
    if (error instanceof Refused && error.status < 500) return;
    retryTimer = setTimeout(() => void register(run), backoffMs(attempt++, Math.random()) + 1000);
  }
}

function closeLine(): void {
  clearTimeout(retryTimer);
  line?.stop();
  line = null;
  legChanged(null);
}

/** Waits for the browser's lock, so that two tabs never fight for the seat's telephone. */
function takeLock(run: number, steal: boolean): void {
  const held = (): Promise<void> => {
    if (run !== running) return Promise.resolve();
    void register(run);
    return new Promise((resolve) => (release = resolve));
  };
  // Without locks (an address that is not secure) there is no microphone either.
  if (!('locks' in navigator)) {
    void held();
    return;
  }
  navigator.locks.request(LOCK, { steal }, held).catch(() => {
    // Another tab took it over.
    if (run === running) {
      closeLine();
      state.value = 'elsewhere';
    }
  });
}

export const seatPhone = {
  state: readonly(state),
  problem: readonly(problem),
  leg: readonly(leg),
  muted: readonly(muted),
  sound: readonly(sound) as Readonly<typeof sound>,
  ringing: computed(() => leg.value === 'ringing'),

  start(): void {
    if (state.value !== 'off') return;
    running += 1;
    const run = running;
    state.value = 'elsewhere';
    takeLock(run, false);
  },

  stop(): void {
    running += 1;
    closeLine();
    release?.();
    release = null;
    state.value = 'off';
  },

  /** The person wants the telephone in this tab or on this computer. */
  takeHere(): void {
    renewals = [];
    if (state.value === 'elsewhere') takeLock(running, true);
    else if (state.value === 'taken' || state.value === 'failed') void register(running);
  },

  answer(): void {
    if (microphone.stream.value !== null) line?.answer(microphone.stream.value);
  },

  /** Ends the leg here; the way out when the controller does not answer. */
  hangUp(): void {
    line?.hangUp();
  },

  mute(on: boolean): void {
    if (leg.value === null) return;
    line?.mute(on);
    muted.value = on;
  },
};
