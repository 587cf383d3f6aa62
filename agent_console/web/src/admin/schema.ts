/** What the administration says, parsed once at the edge. */
import { z } from 'zod';

import { Role } from '../api/schema';

const id = z.number().int();
const ms = z.number();
const text = z
  .string()
  .nullish()
  .transform((value) => value ?? '');
const optionalId = id.nullish().transform((value) => value ?? null);
const optionalMs = ms.nullish().transform((value) => value ?? null);
const optionalNumber = z
  .number()
  .nullish()
  .transform((value) => value ?? null);
const count = z
  .number()
  .int()
  .nullish()
  .transform((value) => value ?? 0);
const version = z
  .number()
  .int()
  .nullish()
  .transform((value) => value ?? 0);

export function itemsOf<T extends z.ZodType>(item: T) {
  return z.object({ items: z.array(item) }).transform(({ items }) => items);
}

export const Unit = z.object({
  id,
  code: z.string(),
  name: z.string(),
  parent_id: optionalId,
  region: text,
  open: z.boolean(),
  duty_name: text,
  open_tickets: count,
  /** The duty telephone as a screen may show it; the whole number never leaves the server. */
  duty_masked: text,
  addresses: z
    .record(z.string(), z.string())
    .nullish()
    .transform((value) => value ?? {}),
  version,
});
export type Unit = z.infer<typeof Unit>;

export const Duty = z.enum(['dispatch', 'office', 'approve', 'follow_up', 'supervise', 'sign']);
export type Duty = z.infer<typeof Duty>;

export const Person = z.object({
  id,
  login: z.string(),
  name: z.string(),
  role: Role,
  unit_id: optionalId,
  unit_name: text,
  head: z
    .boolean()
    .nullish()
    .transform((value) => value ?? false),
  duties: z.array(Duty),
  /** Queue and level of her seat; null: she has none. */
  skills: z
    .array(z.object({ queue: z.string(), level: z.number().int() }))
    .nullish()
    .transform((value) => value ?? null),
  open: z.boolean(),
  version,
});
export type Person = z.infer<typeof Person>;

export const PersonMade = z.object({ person: Person, password: z.string() });
export const NewPassword = z.object({ password: z.string() });

export const TicketClass = z.object({
  code: z.string(),
  parent: z
    .string()
    .nullish()
    .transform((value) => value ?? null),
  label: z.string(),
  place: z.number().int(),
  open: z.boolean(),
  pass_on_days: optionalNumber,
  handle_days: optionalNumber,
  handle_most_days: optionalNumber,
  basis: text,
  version,
});
export type TicketClass = z.infer<typeof TicketClass>;

export const DispatchRule = z.object({
  class_code: z.string(),
  class_label: text,
  region: z.string(),
  unit_id: id,
  unit_name: text,
  assisting: z.array(id),
  version,
});
export type DispatchRule = z.infer<typeof DispatchRule>;

export const Imported = z.object({
  added: count,
  changed: count,
  removed: count,
  unchanged: count,
  recomputed: count,
  /** Of a look that keeps nothing: what would change, in words; empty where it is not there. */
  changes: z.array(z.object({ where: z.string(), before: text, after: text })).default([]),
});
export type Imported = z.infer<typeof Imported>;

export const DayKind = z.enum(['work', 'half', 'off']);
export type DayKind = z.infer<typeof DayKind>;

export const Day = z.object({
  day: z.string(),
  kind: DayKind,
  source: text,
  announced: z.boolean(),
  /** Set for this region itself; otherwise the whole country's day counts. */
  own: z
    .boolean()
    .nullish()
    .transform((value) => value ?? false),
});
export type Day = z.infer<typeof Day>;

export const CalendarYear = z.object({
  year: z.number().int(),
  region: z.string(),
  regions: z
    .array(z.object({ code: z.string(), label: z.string() }))
    .nullish()
    .transform((value) => value ?? []),
  announced: z.boolean(),
  source: text,
  days: z.array(Day),
});
export type CalendarYear = z.infer<typeof CalendarYear>;

export const DaySet = z.object({ day: Day, recomputed: count });

export const Period = z.object({
  name: z.string(),
  label: z.string(),
  value: z.number().int(),
  default: z.number().int(),
  low: z.number().int(),
  high: z.number().int(),
  unit: text,
  basis: text,
  at_ms: optionalMs,
  by: text,
});
export type Period = z.infer<typeof Period>;

export const PlaceText = z.object({
  name: z.string(),
  label: z.string(),
  group: text,
  /** What `{name}` in the text is filled in with. */
  fields: z
    .array(z.object({ name: z.string(), label: z.string() }))
    .nullish()
    .transform((value) => value ?? []),
  body: z.string(),
  default: z.string(),
  most: z
    .number()
    .int()
    .nullish()
    .transform((value) => value ?? 2000),
  at_ms: optionalMs,
  by: text,
});
export type PlaceText = z.infer<typeof PlaceText>;

export const IntakeKey = z.object({
  id,
  name: z.string(),
  created_ms: ms,
  created_by: text,
  used_ms: optionalMs,
  closed_ms: optionalMs,
});
export type IntakeKey = z.infer<typeof IntakeKey>;
export const IntakeKeyMade = z.object({ row: IntakeKey, key: z.string() });

export const Counts = z
  .record(z.string(), z.number().int())
  .nullish()
  .transform((value) => value ?? {});

export const Outgoing = z.object({
  id,
  channel: z.string(),
  channel_label: text,
  /** A unit's or an office's name; never a number. */
  recipient_label: text,
  template: z.string(),
  template_label: text,
  ticket_id: optionalId,
  ticket_number: text,
  state: z.string(),
  tries: z.number().int(),
  error: text,
  /** Of one that may have arrived: how to find out, and what sending it again may do. */
  risk: text,
  created_ms: ms,
  next_ms: optionalMs,
  done_ms: optionalMs,
});
export type Outgoing = z.infer<typeof Outgoing>;
