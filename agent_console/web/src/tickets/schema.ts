/** What the server says about the closed loop: desks, moves, terms, papers, lists, attachments. */
import { z } from 'zod';

const ms = z.number();
const id = z.number().int();
const optionalMs = ms.nullish().transform((value) => value ?? null);
const optionalId = id.nullish().transform((value) => value ?? null);
const optionalText = z
  .string()
  .nullish()
  .transform((value) => value ?? null);
const text = z
  .string()
  .nullish()
  .transform((value) => value ?? '');
const count = z
  .number()
  .int()
  .nullish()
  .transform((value) => value ?? 0);
const flag = z
  .boolean()
  .nullish()
  .transform((value) => value ?? false);

function listOf<T extends z.ZodType>(item: T) {
  return z
    .array(item)
    .nullish()
    .transform((value) => value ?? []);
}

/** What is left of a term in working time; `late` counts from its end on. */
export const Left = z.object({
  days: z.number().int(),
  hours: z.number().int(),
  minutes: z.number().int(),
  late: z.boolean(),
  words: text,
});
export type Left = z.infer<typeof Left>;
const left = Left.nullish().transform((value) => value ?? null);

/** The members of a row and of a ticket that tell the term that is open now. */
export const due = {
  due_ms: optionalMs,
  due_kind: optionalText,
  due_provisional: flag,
  left,
};
export interface Due {
  due_ms: number | null;
  due_kind: string | null;
  due_provisional: boolean;
  left: Left | null;
}

export const Desk = z.object({ name: z.string(), label: z.string(), count: count, late: count });
export type Desk = z.infer<typeof Desk>;

const Value = z.union([z.string(), z.number()]);
export const FieldChoice = z.object({ value: Value, label: z.string(), note: optionalText });
export type FieldChoice = z.infer<typeof FieldChoice>;

export const MoveField = z.object({
  name: z.string(),
  label: z.string(),
  kind: z.string(),
  required: z.boolean(),
  most: count,
  hint: text,
  choices: listOf(FieldChoice),
  suggested: z.unknown().optional(),
});
export type MoveField = z.infer<typeof MoveField>;

export const Move = z.object({
  name: z.string(),
  label: z.string(),
  effect: text,
  basis: text,
  /** The state that follows; null for an act, which leaves the state. */
  to: optionalText,
  fields: listOf(MoveField),
});
export type Move = z.infer<typeof Move>;

export const Reason = z.object({ message: z.string(), basis: text });
export type Reason = z.infer<typeof Reason>;

export const RefusedMove = z.object({
  name: z.string(),
  label: z.string(),
  reasons: listOf(Reason),
});
export type RefusedMove = z.infer<typeof RefusedMove>;

export const Term = z.object({
  kind: z.string(),
  label: optionalText,
  round: count,
  unit_name: optionalText,
  from_ms: optionalMs,
  due_ms: ms,
  first_due_ms: optionalMs,
  provisional: flag,
  ended_ms: optionalMs,
  met: z
    .boolean()
    .nullish()
    .transform((value) => value ?? null),
  /** How late it was met, or is by now; null when it is not. */
  late: left,
});
export type Term = z.infer<typeof Term>;

export const Preview = z.object({
  terms: listOf(
    z.object({ kind: z.string(), label: text, due_ms: ms, provisional: flag }),
  ),
});
export type Preview = z.infer<typeof Preview>;

const Body = z.record(z.string(), z.unknown());

export const Ask = z.object({
  id,
  kind: z.string(),
  form: Body,
  asked_by: optionalText,
  asked_ms: ms,
  open: flag,
  agreed: z
    .boolean()
    .nullish()
    .transform((value) => value ?? null),
  answer: optionalText,
  answered_by: optionalText,
  answered_ms: optionalMs,
});
export type Ask = z.infer<typeof Ask>;

export const Paper = z.object({
  id,
  kind: z.string(),
  label: optionalText,
  number: optionalText,
  round: count,
  state: z.string(),
  body: Body,
  drafted_by: optionalText,
  drafted_ms: ms,
  signed_by: optionalText,
  signed_ms: optionalMs,
  answer: optionalText,
});
export type Paper = z.infer<typeof Paper>;

/** A paper of the list of those that wait for a signature. */
export const PaperRow = Paper.extend({
  ticket_id: id,
  ticket_number: optionalText,
  ticket_state: optionalText,
  unit_name: optionalText,
});
export type PaperRow = z.infer<typeof PaperRow>;

export const Assist = z.object({
  unit_id: id,
  unit_name: z.string(),
  done_ms: optionalMs,
  text: optionalText,
});
export type Assist = z.infer<typeof Assist>;

export const Rating = z.object({
  round: count,
  rectified: flag,
  stars: z
    .number()
    .int()
    .nullish()
    .transform((value) => value ?? null),
  how: optionalText,
  text: text,
  at_ms: ms,
});
export type Rating = z.infer<typeof Rating>;

export const Attachment = z.object({
  id,
  name: z.string(),
  media: text,
  size_bytes: z.number(),
  by: optionalText,
  at_ms: ms,
  may_remove: z
    .boolean()
    .nullish()
    .transform((value) => value ?? null),
});
export type Attachment = z.infer<typeof Attachment>;

export const Link = z.object({ id, number: z.string(), state: z.string(), kind: z.string() });
export type Link = z.infer<typeof Link>;

export const Contact = z.object({
  name_masked: optionalText,
  number_masked: optionalText,
  has_number: flag,
});
export type Contact = z.infer<typeof Contact>;

/** A list the ticket stands on; its name alone, or with when it came there. */
const OnList = z.union([
  z.string().transform((list) => ({ list, closed_ms: null })),
  z.object({ list: z.string(), closed_ms: optionalMs }),
]);

/** What a ticket tells beyond its form. */
export const loop = {
  ...due,
  region: text,
  credit_code: optionalText,
  complained_unit_id: optionalId,
  complained_unit_name: optionalText,
  class_label: optionalText,
  unit: z
    .object({ id, name: z.string() })
    .nullish()
    .transform((value) => value ?? null),
  assists: listOf(Assist),
  difficulty: optionalText,
  round: count,
  ruled: flag,
  rectified: flag,
  special: flag,
  returned: count,
  extended: count,
  repeats: count,
  tries: count,
  stars: optionalMs,
  reply_internal: optionalText,
  reply_public: optionalText,
  terms: listOf(Term),
  asks: listOf(Ask),
  papers: listOf(Paper),
  ratings: listOf(Rating),
  lists: listOf(OnList),
  attachments: listOf(Attachment),
  links: listOf(Link),
  contact: Contact.nullish().transform((value) => value ?? null),
  /** Whether this person may change the fields of the form now. */
  editable: flag,
  moves: listOf(Move),
  refused: listOf(RefusedMove),
};

/** What a row of a list tells beyond its form. */
export const loopRow = {
  ...due,
  unit_name: optionalText,
  class_label: optionalText,
  difficulty: optionalText,
  round: count,
  repeats: count,
  special: flag,
};

/** A line of the poor-rating, responsibility or rectification list. */
export const ListRow = z.object({
  id,
  ticket_id: id,
  number: z.string(),
  state: optionalText,
  company: optionalText,
  class_label: optionalText,
  text_head: optionalText,
  unit_name: optionalText,
  round: count,
  opened_ms: ms,
  closed_ms: optionalMs,
  note: text,
  ...due,
});
export type ListRow = z.infer<typeof ListRow>;

export const Unmasked = z.object({ name: optionalText, number: optionalText });
export type Unmasked = z.infer<typeof Unmasked>;

/** Open tickets that look like the one that is being written, and how often the matter came before. */
export const Alikes = z.object({
  items: listOf(
    z.object({
      id,
      number: z.string(),
      state: z.string(),
      why_label: text,
      company: optionalText,
      text_head: optionalText,
      unit_name: optionalText,
      created_ms: optionalMs,
    }),
  ),
  repeats: count,
});
export type Alikes = z.infer<typeof Alikes>;

/** Who changed what while this person was writing: the 409 of an old version. */
export const Changed = z.object({ at_ms: ms, who: optionalText, words: z.string() });
export type Changed = z.infer<typeof Changed>;

export const UnitName = z.object({
  id,
  name: z.string(),
  parent_id: optionalId,
  open: z
    .boolean()
    .nullish()
    .transform((value) => value ?? true),
});
export type UnitName = z.infer<typeof UnitName>;

const Paragraph = z.object({ label: text, text });

/** A paper as a letter to print: nothing of the reporter is in it. */
export const Letter = z.object({
  id,
  kind: z.string(),
  title: z.string(),
  number: optionalText,
  state: z.string(),
  to: text,
  from_label: text,
  about: listOf(Paragraph),
  paragraphs: listOf(Paragraph),
  drafted_by: optionalText,
  drafted_ms: ms,
  signed_by: optionalText,
  signed_ms: optionalMs,
  ticket_id: id,
  ticket_number: z.string(),
});
export type Letter = z.infer<typeof Letter>;

/** 倒查问责: everything that happened to a ticket, and who answered for it. */
export const Trace = z.object({
  ticket: z.object({
    number: z.string(),
    state: z.string(),
    state_label: text,
    type: optionalText,
    class_label: optionalText,
    unit_name: optionalText,
    text,
    round: count,
    created_ms: optionalMs,
    closed_ms: optionalMs,
    reply_public: optionalText,
  }),
  entries: z.array(
    z.object({
      at_ms: ms,
      kind: text,
      who: text,
      unit_name: text,
      title: z.string(),
      words: text,
      basis: text,
      late: left,
    }),
  ),
  terms: listOf(Term),
  printed_by: text,
  printed_ms: optionalMs,
});
export type Trace = z.infer<typeof Trace>;
