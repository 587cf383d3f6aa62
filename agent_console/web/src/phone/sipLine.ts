/** One registered telephone over JsSIP and the one call it may have. Knows nothing of seats. */
import { C, UA, WebSocketInterface } from 'jssip';
import type { DTMFOptions, RTCSession } from 'jssip/lib/RTCSession';
import type { RTCSessionEvent } from 'jssip/lib/UA';

import type { PhoneAccess } from '../api/schema';

export type LineState = 'connecting' | 'ready' | 'refused' | 'closed';
export type LegState = 'ringing' | 'calling' | 'answering' | 'talking';

export interface LineEvents {
  /** `refused`: Asterisk does not take the password (any more). */
  line(state: LineState): void;
  /** null: the leg is over; `cause` is JsSIP's word for why. */
  leg(state: LegState | null, cause: string): void;
  sound(stream: MediaStream): void;
}

/** Host candidates alone: the telephone and Asterisk see each other without help. */
const PEER: RTCConfiguration = { iceServers: [] };
const REGISTER_S = 120;
const DIGIT: DTMFOptions = {
  transportType: C.DTMF_TRANSPORT.RFC2833,
  duration: 160,
  interToneGap: 80,
};
const REFUSALS = new Set([401, 403, 404, 407]);

/**
 * Where Asterisk finds this page: our own name before the @, so that what we say within a call
 * (its From is what we were called by) is ours as well; behind it something that only we are.
 */
function contact(endpoint: string): string {
  return `sip:${endpoint}@${crypto.randomUUID()}.invalid;transport=ws`;
}

function socketAddress(ws: string): string {
  const url = new URL(ws, location.href);
  url.protocol = url.protocol.replace('http', 'ws');
  return url.href;
}

/** How long an answer to a renewed registration may take before the socket counts as dead. */
const CHECK_MS = 4_000;
const AGAIN_MS = 2_000;
/** How long a second ring waits for the word that the first talk is over. */
const BUSY_AFTER_MS = 5_000;

/** A socket that can be given up at once: a dead one may not say so for minutes. */
class Wire extends WebSocketInterface {
  /** When the other end last said something (Date.now()). */
  heardMs = 0;

  override connect(): void {
    // JsSIP lays its own handler here before each connecting.
    const pass = this.ondata.bind(this);
    this.ondata = (event) => {
      this.heardMs = Date.now();
      pass(event);
    };
    super.connect();
  }

  lose(): void {
    this.disconnect();
    this.ondisconnect(true);
  }
}

export class SipLine {
  readonly #agent: UA;
  readonly #wire: Wire;
  #checkTimer: ReturnType<typeof setTimeout> | undefined;
  readonly #events: LineEvents;
  #session: RTCSession | null = null;
  /** Rings while the one before is not known to be over. */
  #next: RTCSession | null = null;
  #voice: MediaStream | null = null;

  constructor(access: PhoneAccess, events: LineEvents) {
    this.#events = events;
    this.#wire = new Wire(socketAddress(access.ws));
    this.#agent = new UA({
      sockets: [this.#wire],
      uri: access.uri,
      contact_uri: contact(access.endpoint),
      authorization_user: access.endpoint,
      password: access.password,
      register: true,
      register_expires: REGISTER_S,
      session_timers: false,
      connection_recovery_min_interval: 1,
      connection_recovery_max_interval: 3,
      user_agent: 'hotline-console',
    });
    this.#agent.on('connecting', () => events.line('connecting'));
    this.#agent.on('disconnected', () => events.line('connecting'));
    this.#agent.on('registered', () => events.line('ready'));
    this.#agent.on('unregistered', () => events.line('connecting'));
    this.#agent.on('registrationFailed', ({ response }) => {
      // The types promise a response; after a timeout there is none.
      const status = (response as { status_code?: number } | null)?.status_code;
      const refused = status !== undefined && REFUSALS.has(status);
      events.line(refused ? 'refused' : 'connecting');
      // The network, or an Asterisk that is just starting: JsSIP asks again by a new socket only.
      if (!refused) this.#checkAfter(AGAIN_MS, Infinity);
    });
    this.#agent.on('newRTCSession', (event: RTCSessionEvent) => this.#arrived(event.session));
  }

  start(): void {
    this.#agent.start();
  }

  /** The network was away, or this page slept: does the other end still know us? */
  check(): void {
    if (!this.#agent.isConnected()) return;
    this.#checkAfter(CHECK_MS, Date.now());
    this.#agent.register();
  }

  /** Hangs up, unregisters and closes the socket. */
  stop(): void {
    clearTimeout(this.#checkTimer);
    this.#agent.stop();
    this.#dropVoice();
  }

  get busy(): boolean {
    return this.#session !== null;
  }

  call(target: string, microphone: MediaStream): void {
    if (this.#session !== null) return;
    this.#voice = microphone.clone();
    this.#agent.call(target, {
      mediaStream: this.#voice,
      mediaConstraints: { audio: true, video: false },
      pcConfig: PEER,
    });
  }

  /** Only a ringing leg can be answered; a second press does nothing. */
  answer(microphone: MediaStream): void {
    const session = this.#session;
    if (session === null || this.#voice !== null || !session.isInProgress()) return;
    // A copy, so that muting one call does not mute the next.
    this.#voice = microphone.clone();
    this.#events.leg('answering', '');
    session.answer({ mediaStream: this.#voice, pcConfig: PEER });
  }

  hangUp(): void {
    if (this.#session !== null && !this.#session.isEnded()) this.#session.terminate();
  }

  mute(muted: boolean): void {
    if (muted) this.#session?.mute({ audio: true });
    else this.#session?.unmute({ audio: true });
  }

  sendDigit(digit: string): void {
    if (this.#session?.isEstablished() === true) {
      this.#session.sendDTMF(digit, DIGIT);
    }
  }

  /**
   * Gives the socket up unless something was heard on it since `sinceMs`; JsSIP opens another and
   * registers anew. A talk goes on meanwhile.
   */
  #checkAfter(waitMs: number, sinceMs: number): void {
    clearTimeout(this.#checkTimer);
    this.#checkTimer = setTimeout(() => {
      if (this.#wire.heardMs < sinceMs && this.#agent.isConnected()) this.#wire.lose();
    }, waitMs);
  }

  /** Ends our leg here without waiting for the other end, which has forgotten it. */
  forget(): void {
    const session = this.#session;
    if (session === null) return;
    this.#over(session, 'forgotten');
    if (!session.isEnded()) session.terminate();
  }

  #arrived(session: RTCSession): void {
    if (this.#session !== null) this.#wait(session);
    else this.#take(session);
  }

  /**
   * It rings while we believe to be in a talk. Either that talk ended while we could not be told
   * (then it is forgotten in a moment and this one is taken), or we are busy.
   */
  #wait(session: RTCSession): void {
    if (this.#next !== null || (session.direction as string) !== 'incoming') {
      session.terminate({ status_code: 486 });
      return;
    }
    this.#next = session;
    const drop = (): void => {
      if (this.#next === session) this.#next = null;
    };
    session.on('failed', drop);
    setTimeout(() => {
      if (this.#next !== session) return;
      drop();
      session.terminate({ status_code: 486 });
    }, BUSY_AFTER_MS);
  }

  #take(session: RTCSession): void {
    this.#session = session;
    const incoming = (session.direction as string) === 'incoming';
    // An outgoing session has its peer connection by now, an incoming one when it is answered.
    if (incoming) session.on('peerconnection', ({ peerconnection }) => this.#listen(peerconnection));
    else this.#listen(session.connection);
    session.on('icecandidate', ({ candidate, ready }) => {
      if (candidate.protocol !== 'tcp') ready();
    });
    session.on('confirmed', () => this.#events.leg('talking', ''));
    session.on('ended', ({ cause }) => this.#over(session, cause));
    session.on('failed', ({ cause }) => this.#over(session, cause));
    this.#events.leg(incoming ? 'ringing' : 'calling', '');
  }

  #listen(peer: RTCPeerConnection): void {
    peer.addEventListener('track', (event) => {
      this.#events.sound(event.streams[0] ?? new MediaStream([event.track]));
    });
  }

  #over(session: RTCSession, cause: string): void {
    if (this.#session !== session) return;
    this.#session = null;
    this.#dropVoice();
    this.#events.leg(null, cause);
    const next = this.#next;
    this.#next = null;
    if (next !== null && next.isInProgress()) this.#take(next);
  }

  #dropVoice(): void {
    this.#voice?.getTracks().forEach((track) => track.stop());
    this.#voice = null;
  }
}
