/** The requests of the floor and of the wall, by name. */
import { ask, query, tell } from '../api/http';
import { Outcome } from '../api/schema';
import { Figures, Staffing, type OverrideMode } from './schema';

export type Supervision = 'listen' | 'whisper' | 'barge' | 'take_over' | 'stop';

export const floorServer = {
  /** `key` is the wall's; a person signed in needs none. */
  figures: (key: string | null = null) => ask('GET', `/floor/figures${query({ key })}`, Figures),
  staffing: () => ask('GET', '/floor/staffing', Staffing),
  override: (queue: string, mode: OverrideMode, untilMs: number | null) =>
    tell('POST', '/floor/staffing/override', { queue, mode, until_ms: untilMs }),

  supervise: (callId: string, verb: Supervision) =>
    ask('POST', `/calls/${callId}/requests`, Outcome, { verb, args: {} }),
  move: (callId: string, to: { head: true } | { queue: string }) =>
    ask('POST', `/calls/${callId}/requests`, Outcome, { verb: 'move', args: to }),

  setSeatState: (seatId: number, state: 'available' | 'paused' | 'offline', reason?: string) =>
    tell('POST', `/seats/${seatId}/state`, reason === undefined ? { state } : { state, reason }),
  signOutSeat: (seatId: number) => tell('POST', `/seats/${seatId}/sign-out`),
  lend: (seatId: number, queue: string, level: number, untilMs: number) =>
    tell('POST', `/seats/${seatId}/skills`, { queue, level, until_ms: untilMs }),
  takeBack: (seatId: number, queue: string) =>
    tell('DELETE', `/seats/${seatId}/skills/${encodeURIComponent(queue)}`),

  /** To one seat, or to everybody when `to` is null. */
  message: (text: string, to: number | null) =>
    tell('POST', '/messages', to === null ? { text } : { text, to }),
};
