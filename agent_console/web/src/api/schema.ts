/** What the server says, parsed once at the edge. Every type of server data is derived here. */
import { z } from 'zod';

import { FloorCall, Party } from '../floor/schema';
import { Changed, loop, loopRow, Reason } from '../tickets/schema';

export { FloorCall, Party };

// The probe for `new Function` would be reported as a violation of our Content-Security-Policy.
z.config({ jitless: true });

const ms = z.number();
const optionalMs = ms.nullish().transform((value) => value ?? null);
const optionalText = z
  .string()
  .nullish()
  .transform((value) => value ?? null);
const id = z.number().int();
const optionalId = id.nullish().transform((value) => value ?? null);
const flag = z
  .boolean()
  .nullish()
  .transform((value) => value ?? false);

export const Role = z.enum(['agent', 'expert', 'supervisor', 'unit', 'admin']);
export type Role = z.infer<typeof Role>;

export const SeatState = z.enum([
  'offline',
  'available',
  'reserved',
  'ringing',
  'talking',
  'wrap_up',
  'paused',
  'no_answer',
]);
export type SeatState = z.infer<typeof SeatState>;

export const Seat = z.object({
  id,
  account_id: id,
  name: z.string(),
  state: SeatState,
  since_ms: ms,
  reason: optionalText,
  call_id: optionalText,
  phone_ready: z.boolean(),
  skills: z.array(z.object({ queue: z.string(), level: z.number() })),
  wrap_up_until_ms: optionalMs,
  /** What the person asked for during a call: it holds from its end on. */
  after_call: optionalText,
});
export type Seat = z.infer<typeof Seat>;

export const Session = z.object({
  account: z.object({ id, login: z.string(), name: z.string(), role: Role }),
  /** What this person may do with tickets: dispatch, office, approve, follow_up, supervise, sign. */
  duties: z
    .array(z.string())
    .nullish()
    .transform((value) => value ?? []),
  /** The unit of somebody of role `unit`. */
  unit: z
    .object({ id, name: z.string() })
    .nullish()
    .transform((value) => value ?? null),
  csrf: z.string(),
  demo: z.boolean(),
  seat: Seat.nullish().transform((value) => value ?? null),
});
export type Session = z.infer<typeof Session>;

const Choice = z.object({ code: z.string(), label: z.string() });
export type Choice = z.infer<typeof Choice>;

export const Disposition = z.object({
  code: z.string(),
  label: z.string(),
  closes: z.boolean(),
  state: z.string(),
  needs_class: z.boolean(),
});
export type Disposition = z.infer<typeof Disposition>;

const Labels = z.record(z.string(), z.string());
const laterLabels = Labels.nullish().transform((value) => value ?? {});

/** A content class; `parent` names the one it stands below. */
const TicketClass = Choice.extend({ parent: optionalText });

export const Settings = z.object({
  zone: z.string(),
  hotline_label: z.string(),
  queues: z.array(z.object({ name: z.string(), label: z.string(), callback_key: optionalText })),
  lines: z.array(z.object({ name: z.string(), label: z.string() })),
  types: z.array(Choice),
  classes: z.array(TicketClass),
  regions: z
    .array(Choice)
    .nullish()
    .transform((value) => value ?? []),
  dispositions: z.array(Disposition),
  pause_reasons: z.array(Choice),
  /** Numbers that are rung with one press: police, fire, … */
  emergency: z
    .array(z.string())
    .nullish()
    .transform((value) => value ?? []),
  labels: z.object({
    seat_states: Labels,
    stages: Labels,
    end_reasons: Labels,
    ticket_states: Labels,
    event_kinds: Labels,
    missed_kinds: Labels,
    recording_problems: Labels,
    talk_states: laterLabels,
    moves: laterLabels,
    papers: laterLabels,
    paper_states: laterLabels,
    terms: laterLabels,
    difficulties: laterLabels,
    causes: laterLabels,
    stars: laterLabels,
    duties: laterLabels,
    asks: laterLabels,
    lists: laterLabels,
  }),
});
export type Settings = z.infer<typeof Settings>;

export const PhoneAccess = z.object({
  endpoint: z.string(),
  password: z.string(),
  uri: z.string(),
  ws: z.string(),
});
export type PhoneAccess = z.infer<typeof PhoneAccess>;

export const CitizenPhone = PhoneAccess.extend({ dial: z.string() });
export type CitizenPhone = z.infer<typeof CitizenPhone>;

export const EarlierCall = z.object({
  call_id: z.string(),
  started_ms: ms,
  queue_label: optionalText,
  end_reason: optionalText,
  seat_name: optionalText,
  ticket_id: optionalId,
  ticket_number: optionalText,
});

export const EarlierTicket = z.object({
  id,
  number: z.string(),
  state: z.string(),
  type: optionalText,
  company: optionalText,
  text_head: optionalText,
  created_ms: ms,
});
export type EarlierTicket = z.infer<typeof EarlierTicket>;

/** What card and feed alike say of a conversation. */
const { direction, state, parties, hint, owner_seat_id } = FloorCall.shape;

export const CallCard = z.object({
  call_id: z.string(),
  stage: z.string(),
  line: optionalText,
  line_label: optionalText,
  queue: optionalText,
  queue_label: optionalText,
  caller_masked: optionalText,
  started_ms: ms,
  queued_ms: optionalMs,
  talk_ms: optionalMs,
  ended_ms: optionalMs,
  ticket_id: optionalId,
  held: z.boolean(),
  recording: z
    .object({ id: id.nullish(), state: z.string(), paused: z.boolean(), problem: optionalText })
    .nullish()
    .transform((value) => value ?? null),
  earlier_calls: z.array(EarlierCall),
  earlier_tickets: z.array(EarlierTicket),
  direction,
  /** The conversation's; null unless talking. */
  state,
  parties,
  /** A note of what happened to this caller before. */
  hint,
  owner_seat_id,
  /** My telephone answers this call by itself: I asked for it, or was in it a moment ago. */
  auto_answer: flag,
  is_owner: z
    .boolean()
    .nullish()
    .transform((value) => value ?? true),
  my_leg: optionalText,
});
export type CallCard = z.infer<typeof CallCard>;

export const Outcome = z.object({ outcome: z.string() });

export const MissedCall = z.object({
  id,
  call_id: optionalText,
  kind: z.string(),
  caller_masked: optionalText,
  queue_label: optionalText,
  created_ms: ms,
  state: z.string(),
  done_ms: optionalMs,
  done_by: optionalText,
  note: optionalText,
});
export type MissedCall = z.infer<typeof MissedCall>;

export const TicketRow = z.object({
  id,
  number: z.string(),
  state: z.string(),
  type: optionalText,
  content_class: optionalText,
  company: optionalText,
  text_head: optionalText,
  disposition: optionalText,
  complete: z.boolean(),
  agent_name: optionalText,
  caller_masked: optionalText,
  created_ms: ms,
  updated_ms: ms,
  ...loopRow,
});
export type TicketRow = z.infer<typeof TicketRow>;

export const RecordingMark = z.object({ at_ms: ms, kind: z.string() });

export const Recording = z.object({
  id,
  state: z.string(),
  length_ms: optionalMs,
  size_bytes: z
    .number()
    .nullish()
    .transform((value) => value ?? null),
  format: optionalText,
  marks: z
    .array(RecordingMark)
    .nullish()
    .transform((value) => value ?? []),
  problem: optionalText,
  may_hear: z.boolean(),
});
export type Recording = z.infer<typeof Recording>;

export const TimelineEntry = z.object({
  at_ms: ms,
  kind: z.string(),
  who: optionalText,
  detail: z.unknown().optional(),
  /** Of a move or an act of the closed loop. */
  move: optionalText,
  from_state: optionalText,
  to_state: optionalText,
  why: optionalText,
  done_on: optionalText,
});
export type TimelineEntry = z.infer<typeof TimelineEntry>;

export const Ticket = z.object({
  id,
  number: z.string(),
  version: z.number().int(),
  state: z.string(),
  type: optionalText,
  content_class: optionalText,
  company: optionalText,
  text: optionalText,
  disposition: optionalText,
  complete: z.boolean(),
  call_id: optionalText,
  source: optionalText,
  agent_name: optionalText,
  account_id: optionalId,
  caller_masked: optionalText,
  created_ms: ms,
  updated_ms: ms,
  timeline: z.array(TimelineEntry),
  recordings: z.array(Recording),
  ...loop,
});
export type Ticket = z.infer<typeof Ticket>;

export function pageOf<T extends z.ZodType>(item: T) {
  return z.object({
    items: z.array(item),
    total: z.number().int(),
    /** There are more than `total` says: nobody counts further. */
    more: flag,
    page: z.number().int(),
    size: z.number().int(),
  });
}
export interface Page<T> {
  items: T[];
  total: number;
  more: boolean;
  page: number;
  size: number;
}

export const Floor = z.object({
  seq: z.number().int(),
  seats: z.array(Seat),
  queues: z.array(
    z.object({
      name: z.string(),
      label: z.string(),
      waiting: z.number().int(),
      longest_since_ms: optionalMs,
    }),
  ),
  calls: z.array(FloorCall),
});
export type Floor = z.infer<typeof Floor>;

export const Expert = z.object({
  id,
  name: z.string(),
  department: optionalText,
  topics: z
    .union([z.string(), z.array(z.string())])
    .nullish()
    .transform((value) => (typeof value === 'string' ? value : (value ?? []).join('、'))),
  on_duty: z.boolean(),
  light: z.enum(['free', 'busy', 'off']),
  number_masked: optionalText,
  seat_id: optionalId,
  ring: z.enum(['seat', 'number']),
});
export type Expert = z.infer<typeof Expert>;

/** The expert's own entry. */
export const MyDuty = Expert.omit({ light: true }).extend({ until_ms: optionalMs });
export type MyDuty = z.infer<typeof MyDuty>;

export const AskedTicket = z.object({
  ticket_id: id,
  number: z.string(),
  state: z.string(),
  company: optionalText,
  text_head: optionalText,
  call_id: optionalText,
  asked_ms: ms,
  asked_by: optionalText,
});
export type AskedTicket = z.infer<typeof AskedTicket>;

/** A word of the supervisor to everybody, or to one seat. */
export const Notice = z.object({
  id,
  text: z.string(),
  from_name: optionalText,
  to_seat_id: optionalId,
  at_ms: ms,
  read_ms: optionalMs,
});
export type Notice = z.infer<typeof Notice>;

export const Placed = z.object({ call_id: optionalText });

export const Span = z.object({
  leg_id: optionalText,
  seat_name: optionalText,
  what: z.string(),
  from_ms: ms,
  to_ms: optionalMs,
});
export type Span = z.infer<typeof Span>;

export const CallLeg = z.object({
  id: z.string(),
  role: z.string(),
  kind: optionalText,
  label: optionalText,
  seat_name: optionalText,
  started_ms: ms,
  answered_ms: optionalMs,
  ended_ms: optionalMs,
  cause: optionalText,
});
export type CallLeg = z.infer<typeof CallLeg>;

/** A call with who was on the line; the ticket's own time line tells the rest. */
export const CallHistory = z.object({
  call_id: z.string(),
  direction,
  started_ms: ms,
  ended_ms: optionalMs,
  end_reason: optionalText,
  legs: z.array(CallLeg),
  spans: z
    .array(Span)
    .nullish()
    .transform((value) => value ?? []),
});
export type CallHistory = z.infer<typeof CallHistory>;

export const Problem = z.object({
  title: z.string(),
  status: z.number().int(),
  detail: optionalText,
  errors: z
    .array(z.object({ field: z.string(), message: z.string() }))
    .nullish()
    .transform((value) => value ?? []),
  /** A 409 of a ticket: how it stands now, and who changed what meanwhile. */
  current: z.unknown().optional(),
  changes: z
    .array(Changed)
    .nullish()
    .transform((value) => value ?? []),
  /** A move that a rule forbids: which rule, and what would be allowed. */
  reasons: z
    .array(Reason)
    .nullish()
    .transform((value) => value ?? []),
  allowed: z
    .array(z.object({ name: z.string(), label: z.string() }))
    .nullish()
    .transform((value) => value ?? []),
  /** Fields in which the reporter was found, each as it may stand. */
  instead: z.record(z.string(), z.string()).nullish(),
});
export type Problem = z.infer<typeof Problem>;
