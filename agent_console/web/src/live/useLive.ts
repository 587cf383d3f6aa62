/** The one live socket of this page: resumes after a break without losing a change. */
import { readonly, ref } from 'vue';

import { backoffMs, follow, type Place } from './follow';
import type { Change } from './messages';

export type Network = 'connecting' | 'online' | 'offline';

type OnChange = (change: Change) => void;
type OnReload = () => void;

/** The server pings every 15 s; twice that and a bit without a word means the line is dead. */
const SILENCE_MS = 35_000;
const TRIES_BEFORE_OFFLINE = 1;
/** The server's close code for a session that is over. */
const SIGNED_OUT = 4401;

const network = ref<Network>('connecting');
const place: Place = { seq: null };
const changeListeners = new Set<OnChange>();
const reloadListeners = new Set<OnReload>();

let socket: WebSocket | null = null;
let onRefused: (() => void) | null = null;
let attempt = 0;
let wanted = false;
let retryTimer: ReturnType<typeof setTimeout> | undefined;
let silenceTimer: ReturnType<typeof setTimeout> | undefined;

function address(): string {
  const scheme = location.protocol === 'https:' ? 'wss' : 'ws';
  const since = place.seq === null ? '' : `?since=${place.seq}`;
  return `${scheme}://${location.host}/api/v1/live${since}`;
}

function heard(): void {
  clearTimeout(silenceTimer);
  silenceTimer = setTimeout(() => socket?.close(), SILENCE_MS);
}

function receive(text: string): void {
  heard();
  const step = follow(place, text);
  switch (step.do) {
    case 'reload':
      place.seq = step.seq;
      settled();
      reloadListeners.forEach((listener) => listener());
      break;
    case 'resume':
      settled();
      break;
    case 'apply':
      place.seq = step.change.seq;
      changeListeners.forEach((listener) => listener(step.change));
      break;
    case 'skip':
      place.seq = step.seq;
      break;
    case 'pong':
      socket?.send('{"type":"pong"}');
      break;
    case 'nothing':
      break;
  }
}

function settled(): void {
  attempt = 0;
  network.value = 'online';
}

function connect(): void {
  clearTimeout(retryTimer);
  if (!wanted || socket !== null) return;
  const current = new WebSocket(address());
  socket = current;
  let welcomed = false;
  heard();
  current.onmessage = (event) => {
    if (socket !== current || typeof event.data !== 'string') return;
    welcomed = true;
    receive(event.data);
  };
  current.onclose = ({ code }) => {
    if (socket !== current) return;
    socket = null;
    clearTimeout(silenceTimer);
    if (!wanted) return;
    if (!welcomed || code === SIGNED_OUT) onRefused?.();
    if (attempt >= TRIES_BEFORE_OFFLINE || network.value === 'online') network.value = 'offline';
    retryTimer = setTimeout(connect, backoffMs(attempt, Math.random()));
    attempt += 1;
  };
}

/** A sign that the network is back: try now instead of at the end of the wait. */
function hurry(): void {
  if (wanted && socket === null) {
    attempt = 0;
    connect();
  }
}

function networkGone(): void {
  if (!wanted) return;
  network.value = 'offline';
  socket?.close();
}

addEventListener('online', hurry);
addEventListener('offline', networkGone);
document.addEventListener('visibilitychange', () => {
  if (!document.hidden) hurry();
});

export const live = {
  network: readonly(network),

  start(): void {
    wanted = true;
    connect();
  },

  /** After sign-out: forget the place as well, the next person starts anew. */
  stop(): void {
    wanted = false;
    clearTimeout(retryTimer);
    clearTimeout(silenceTimer);
    const old = socket;
    socket = null;
    old?.close();
    place.seq = null;
    attempt = 0;
    network.value = 'connecting';
  },

  tryNow: hurry,

  /** `handler` is called when a socket was refused, or its session ended. */
  whenRefused(handler: () => void): void {
    onRefused = handler;
  },

  /** Returns the function that ends the listening. */
  onChange(listener: OnChange): () => void {
    changeListeners.add(listener);
    return () => changeListeners.delete(listener);
  },

  /** Called when everything must be read again: at the start and after a reset. */
  onReload(listener: OnReload): () => void {
    reloadListeners.add(listener);
    return () => reloadListeners.delete(listener);
  },
};
