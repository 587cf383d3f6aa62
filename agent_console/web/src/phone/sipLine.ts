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

export class SipLine {
  readonly #agent: UA;
  readonly #events: LineEvents;
  #session: RTCSession | null = null;
  #voice: MediaStream | null = null;

  constructor(access: PhoneAccess, events: LineEvents) {
    this.#events = events;
    this.#agent = new UA({
      sockets: [new WebSocketInterface(socketAddress(access.ws))],
      uri: access.uri,
      contact_uri: contact(access.endpoint),
      authorization_user: access.endpoint,
      password: access.password,
      register: true,
      register_expires: REGISTER_S,
      session_timers: false,
      connection_recovery_min_interval: 1,
      connection_recovery_max_interval: 8,
      user_agent: 'hotline-console',
    });
    this.#agent.on('connecting', () => events.line('connecting'));
    this.#agent.on('disconnected', () => events.line('connecting'));
    this.#agent.on('registered', () => events.line('ready'));
    this.#agent.on('unregistered', () => events.line('connecting'));
    this.#agent.on('registrationFailed', ({ response }) => {
      // Without an answer it is the network: JsSIP tries again by itself.
      // The types promise a response; after a timeout there is none.
      const status = (response as { status_code?: number } | null)?.status_code;
      events.line(status !== undefined && REFUSALS.has(status) ? 'refused' : 'connecting');
    });
    this.#agent.on('newRTCSession', (event: RTCSessionEvent) => this.#arrived(event.session));
  }

  start(): void {
    this.#agent.start();
  }

  /** Hangs up, unregisters and closes the socket. */
  stop(): void {
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

  #arrived(session: RTCSession): void {
    if (this.#session !== null) {
      session.terminate({ status_code: 486 });
      return;
    }
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
  }

  #dropVoice(): void {
    this.#voice?.getTracks().forEach((track) => track.stop());
    this.#voice = null;
  }
}
