/** What the server says about the floor: calls with their parties, figures, staffing, messages. */
import { z } from 'zod';

const ms = z.number();
const id = z.number().int();
const optionalMs = ms.nullish().transform((value) => value ?? null);
const optionalId = id.nullish().transform((value) => value ?? null);
const optionalText = z
  .string()
  .nullish()
  .transform((value) => value ?? null);
const optionalNumber = optionalMs;
const flag = z
  .boolean()
  .nullish()
  .transform((value) => value ?? false);

/** One participant of a conversation. */
export const Party = z.object({
  leg: z.string(),
  /** caller, agent, other or supervisor. */
  role: z.string(),
  /** seat, expert, number or emergency of another; listen, whisper or barge of a supervisor. */
  kind: optionalText,
  label: optionalText,
  seat_id: optionalId,
  expert_id: optionalId,
  /** ringing, announcing, in, held, or apart (a supervisor who is not in the bridge). */
  place: z.string(),
  muted: flag,
  since_ms: optionalMs,
});
export type Party = z.infer<typeof Party>;

export const FloorCall = z.object({
  call_id: z.string(),
  stage: z.string(),
  queue: optionalText,
  queued_ms: optionalMs,
  /** Since when he waits in the present wait: later than `queued_ms` after a lost seat. */
  waiting_ms: optionalMs,
  seat_id: optionalId,
  caller_masked: optionalText,
  talk_ms: optionalMs,
  /** "out" when the seat rang the citizen. */
  direction: optionalText,
  owner_seat_id: optionalId,
  /** The conversation's state; null unless talking. */
  state: optionalText,
  parties: z
    .array(Party)
    .nullish()
    .transform((value) => value ?? []),
  held: flag,
  /** Whether this caller stands before all others of the queue. */
  head: flag,
  /** A note for the next agent. */
  hint: optionalText,
});
export type FloorCall = z.infer<typeof FloorCall>;

const Hour = z.object({
  /** 0 to 23 in the zone of the hotline. */
  hour: z.number().int(),
  offered: z.number(),
  answered: z.number(),
  abandoned: z.number(),
});
export type Hour = z.infer<typeof Hour>;

const SeatCounts = z.object({ free: z.number(), busy: z.number(), paused: z.number() });
export type SeatCounts = z.infer<typeof SeatCounts>;

export const QueueFigures = z.object({
  name: z.string(),
  label: z.string(),
  waiting: z.number().int(),
  longest_since_ms: optionalMs,
  expected_wait_s: optionalNumber,
  offered: z.number(),
  answered: z.number(),
  abandoned: z.number(),
  /** Shares from 0 to 1; null while nobody has called. */
  connect_rate: optionalNumber,
  within_15: optionalNumber,
  within_20: optionalNumber,
  mean_wait_s: optionalNumber,
  mean_talk_s: optionalNumber,
  mean_wrap_up_s: optionalNumber,
  by_hour: z.array(Hour),
  seats: SeatCounts.nullish().transform((value) => value ?? null),
});
export type QueueFigures = z.infer<typeof QueueFigures>;

export const Alarm = z.object({
  code: z.string(),
  queue: optionalText,
  level: z.enum(['amber', 'red']),
  text: z.string(),
});
export type Alarm = z.infer<typeof Alarm>;

export const Figures = z.object({
  at_ms: ms,
  day: z.string(),
  /** The hotline's, since a wall with a key reads nothing else. */
  zone: optionalText,
  queues: z.array(QueueFigures),
  alarms: z.array(Alarm),
});
export type Figures = z.infer<typeof Figures>;

/** A quarter of an hour that is to come. */
const Slot = z.object({
  from_ms: ms,
  calls: z.number(),
  talk_s: optionalNumber,
  /** Seats at their telephones. */
  need: z.number(),
  /** People on the roster for that, breaks and absences counted in. */
  roster: optionalNumber,
});
export type Slot = z.infer<typeof Slot>;

export const OverrideMode = z.enum(['auto', 'off', 'hold']);
export type OverrideMode = z.infer<typeof OverrideMode>;

export const QueueStaffing = z.object({
  name: z.string(),
  need_now: z.number(),
  staffed: z.number(),
  /** Offered traffic in erlang. */
  load: optionalNumber,
  forecast: z.array(Slot),
  called_in: z.array(z.object({ seat_id: id, name: z.string(), until_ms: optionalMs })),
  /** Whether a rule calls seats in for this queue: only then is there something to overrule. */
  ruled: z
    .boolean()
    .nullish()
    .transform((value) => value ?? true),
  override: z
    .object({ mode: OverrideMode, until_ms: optionalMs, by: optionalText })
    .nullish()
    .transform((value) => value ?? null),
});
export type QueueStaffing = z.infer<typeof QueueStaffing>;

export const Staffing = z.object({ queues: z.array(QueueStaffing) });
export type Staffing = z.infer<typeof Staffing>;
