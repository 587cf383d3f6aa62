/** Every request the console makes, by name. */

import { z } from 'zod';

import { ask, askMaybe, query, tell, tellWhileClosing } from './http';
import * as schema from './schema';

export function listOf<T extends z.ZodType>(item: T) {
  return z.object({ items: z.array(item) }).transform(({ items }) => items);
}

export const server = {
  signIn: (login: string, password: string) =>
    ask('POST', '/session', schema.Session, { login, password }),
  session: () => ask('GET', '/session', schema.Session),
  signOut: () => tell('DELETE', '/session'),
  settings: () => ask('GET', '/settings', schema.Settings),

  seat: () => ask('GET', '/seat', schema.Seat),
  /** `page` tells this page from one that was there before. */
  seatPhone: (page: string) => ask('POST', '/seat/phone', schema.PhoneAccess, { page }),
  /** The page goes in a call: the caller is told at once, and is not left in silence. */
  seatGone: (page: string) => tellWhileClosing('POST', '/seat/bye', { page }),
  goAvailable: (microphone: boolean) =>
    ask('POST', '/seat/available', schema.Seat, { microphone }),
  pause: (reason: string) => ask('POST', '/seat/pause', schema.Seat, { reason }),
  goOffline: () => ask('POST', '/seat/offline', schema.Seat),
  endWrapUp: () => ask('POST', '/seat/wrap-up/end', schema.Seat),

  currentCall: () => askMaybe('GET', '/calls/current', schema.CallCard),
  callRequest: (callId: string, verb: CallVerb, args: CallArgs = {}) =>
    ask('POST', `/calls/${callId}/requests`, schema.Outcome, { verb, args }),
  call: (callId: string) => ask('GET', `/calls/${callId}`, schema.CallHistory),
  callBack: (whom: { ticket_id: number } | { missed_id: number }) =>
    ask('POST', '/outbound', schema.Placed, whom),

  experts: (q: string) => ask('GET', `/experts${query({ q })}`, listOf(schema.Expert)),
  myDuty: () => ask('GET', '/expert', schema.MyDuty),
  setDuty: (wish: DutyWish) => ask('PATCH', '/expert', schema.MyDuty, wish),
  askedTickets: () => ask('GET', '/expert/tickets', listOf(schema.AskedTicket)),

  notices: () => ask('GET', '/messages', listOf(schema.Notice)),
  readNotice: (id: number) => tell('POST', `/messages/${id}/read`, {}),

  missed: (filters: MissedFilters) =>
    ask('GET', `/missed${query({ ...filters })}`, schema.pageOf(schema.MissedCall)),
  missedDone: (id: number, note: string) => tell('POST', `/missed/${id}/done`, { note }),

  tickets: (filters: TicketFilters) =>
    ask('GET', `/tickets${query({ ...filters })}`, schema.pageOf(schema.TicketRow)),
  ticket: (id: number) => ask('GET', `/tickets/${id}`, schema.Ticket),
  saveTicket: (id: number, version: number, fields: Record<string, string | number | null>) =>
    ask('PATCH', `/tickets/${id}`, schema.Ticket, { version, ...fields }),
  /** `form`: what the chosen disposition asks for, the reason of a rejection. */
  completeTicket: (id: number, version: number, form: Record<string, string> = {}) =>
    ask('POST', `/tickets/${id}/complete`, schema.Ticket, {
      version,
      ...(Object.keys(form).length > 0 ? { form } : {}),
    }),

  floor: () => ask('GET', '/floor', schema.Floor),
  citizenPhone: () => ask('POST', '/demo/phone', schema.CitizenPhone),
};

export type CallVerb =
  | 'hold'
  | 'resume'
  | 'hang_up'
  | 'pause_recording'
  | 'resume_recording'
  | 'send_digits'
  | 'consult'
  | 'invite'
  | 'emergency'
  | 'cancel'
  | 'back'
  | 'swap'
  | 'join'
  | 'mute'
  | 'unmute'
  | 'drop'
  | 'leave'
  | 'come_back'
  | 'transfer'
  | 'listen'
  | 'whisper'
  | 'barge'
  | 'take_over'
  | 'stop'
  | 'move';

/** Whom to ring; a number is sealed by the server on arrival. */
export type Target =
  | { kind: 'queue'; value: string }
  | { kind: 'seat'; value: number }
  | { kind: 'expert'; value: number }
  | { kind: 'number'; value: string };

export interface CallArgs {
  digits?: string;
  target?: Target;
  leg?: string;
  number?: string;
  queue?: string;
  head?: boolean;
}

export interface DutyWish {
  on_duty?: boolean;
  until_ms?: number | null;
  ring?: 'seat' | 'number';
  number?: string;
}

export interface MissedFilters {
  state: string;
  page: number;
  size: number;
}

/** Which tickets; what is left out filters nothing. */
export interface TicketFilters {
  desk?: string;
  q?: string;
  state?: string;
  type?: string;
  content_class?: string;
  difficulty?: string;
  disposition?: string;
  mine?: boolean;
  incomplete?: boolean;
  late?: boolean;
  from_ms?: number | null;
  to_ms?: number | null;
  /** Left out: a desk by what ends first, else the newest first. */
  order?: string | null;
  page: number;
  size: number;
}

export function audioAddress(recordingId: number): string {
  return `/api/v1/recordings/${recordingId}/audio`;
}
