/** Every request the console makes, by name. */

import { ask, askMaybe, query, tell } from './http';
import * as schema from './schema';

export const server = {
  signIn: (login: string, password: string) =>
    ask('POST', '/session', schema.Session, { login, password }),
  session: () => ask('GET', '/session', schema.Session),
  signOut: () => tell('DELETE', '/session'),
  settings: () => ask('GET', '/settings', schema.Settings),

  seat: () => ask('GET', '/seat', schema.Seat),
  seatPhone: () => ask('POST', '/seat/phone', schema.PhoneAccess),
  goAvailable: (microphone: boolean) =>
    ask('POST', '/seat/available', schema.Seat, { microphone }),
  pause: (reason: string) => ask('POST', '/seat/pause', schema.Seat, { reason }),
  goOffline: () => ask('POST', '/seat/offline', schema.Seat),
  endWrapUp: () => ask('POST', '/seat/wrap-up/end', schema.Seat),

  currentCall: () => askMaybe('GET', '/calls/current', schema.CallCard),
  callRequest: (callId: string, verb: CallVerb, args: Record<string, string> = {}) =>
    ask('POST', `/calls/${callId}/requests`, schema.Outcome, { verb, args }),

  missed: (filters: MissedFilters) =>
    ask('GET', `/missed${query({ ...filters })}`, schema.pageOf(schema.MissedCall)),
  missedDone: (id: number, note: string) => tell('POST', `/missed/${id}/done`, { note }),

  tickets: (filters: TicketFilters) =>
    ask('GET', `/tickets${query({ ...filters })}`, schema.pageOf(schema.TicketRow)),
  ticket: (id: number) => ask('GET', `/tickets/${id}`, schema.Ticket),
  saveTicket: (id: number, version: number, fields: Record<string, string | null>) =>
    ask('PATCH', `/tickets/${id}`, schema.Ticket, { version, ...fields }),
  completeTicket: (id: number, version: number) =>
    ask('POST', `/tickets/${id}/complete`, schema.Ticket, { version }),

  floor: () => ask('GET', '/floor', schema.Floor),
  citizenPhone: () => ask('POST', '/demo/phone', schema.CitizenPhone),
};

export type CallVerb =
  | 'hold'
  | 'resume'
  | 'hang_up'
  | 'pause_recording'
  | 'resume_recording'
  | 'send_digits';

export interface MissedFilters {
  state: string;
  page: number;
  size: number;
}

export interface TicketFilters {
  q: string;
  state: string;
  type: string;
  content_class: string;
  disposition: string;
  mine: boolean;
  incomplete: boolean;
  from_ms: number | null;
  to_ms: number | null;
  page: number;
  size: number;
}

export function audioAddress(recordingId: number): string {
  return `/api/v1/recordings/${recordingId}/audio`;
}
