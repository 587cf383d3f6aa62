/** The messages of `/api/v1/live`. */
import { z } from 'zod';

import { FloorCall, Notice, Seat } from '../api/schema';
import { Figures } from '../floor/schema';

export const CallChange = FloorCall.extend({
  started_ms: z.number().nullish(),
  ended_ms: z.number().nullish(),
  end_reason: z.string().nullish(),
  recording_paused: z.boolean().nullish(),
  ticket_id: z.number().int().nullish(),
});
export type CallChange = z.infer<typeof CallChange>;

export const TicketChange = z.object({
  id: z.number().int(),
  /** What a unit is told of a ticket that is no longer its own: nothing else then. */
  gone: z.boolean().optional(),
  version: z
    .number()
    .int()
    .nullish()
    .transform((value) => value ?? 0),
  account_id: z.number().int().nullish(),
  /** Its deadline moved with the calendar: the version stays, nobody's text is about it. */
  reckoned: z.boolean().optional(),
});
export type TicketChange = z.infer<typeof TicketChange>;

const envelope = { type: z.literal('change'), seq: z.number().int(), at_ms: z.number() };

export const Change = z.discriminatedUnion('topic', [
  z.object({ ...envelope, topic: z.literal('seat'), data: Seat }),
  z.object({ ...envelope, topic: z.literal('call'), data: CallChange }),
  z.object({ ...envelope, topic: z.literal('ticket'), data: TicketChange }),
  z.object({
    ...envelope,
    topic: z.literal('missed'),
    data: z.object({ id: z.number().int(), state: z.string() }),
  }),
  z.object({ ...envelope, topic: z.literal('message'), data: Notice }),
  z.object({ ...envelope, topic: z.literal('digest'), data: z.object({ period: z.string() }) }),
  z.object({
    ...envelope,
    topic: z.literal('expert'),
    data: z.object({ id: z.number().int() }),
  }),
  z.object({
    ...envelope,
    topic: z.literal('unit'),
    data: z.object({ id: z.number().int().nullish() }),
  }),
  // What the administration keeps: whoever shows it reads it again.
  z.object({ ...envelope, topic: z.enum(['class', 'catalogue', 'person', 'text', 'calendar', 'period']) }),
  z.object({ ...envelope, topic: z.literal('figures'), data: Figures }),
  z.object({
    ...envelope,
    topic: z.literal('staffing'),
    data: z.object({ queue: z.string() }),
  }),
  z.object({
    ...envelope,
    topic: z.literal('recording'),
    data: z.object({
      id: z.number().int(),
      call_id: z.string().nullish(),
      state: z.string(),
      problem: z.string().nullish(),
    }),
  }),
]);
export type Change = z.infer<typeof Change>;

/** A change of a topic this version does not know still moves the sequence on. */
export const AnyChange = z.object({
  type: z.literal('change'),
  seq: z.number().int(),
  topic: z.string(),
});

export const Hello = z.object({
  type: z.literal('hello'),
  seq: z.number().int(),
  reset: z.boolean(),
});

export const Envelope = z.object({ type: z.string() });
