/** What the public pages hear, parsed once at the edge. */
import { z } from 'zod';

const text = z
  .string()
  .nullish()
  .transform((value) => value ?? '');
const moment = z
  .number()
  .nullish()
  .transform((value) => value ?? null);
const Choice = z.object({ code: z.string(), label: z.string() });
const Choices = z
  .array(Choice)
  .nullish()
  .transform((value) => value ?? []);

export const PublicForm = z.object({
  types: z.array(Choice),
  classes: Choices,
  // A citizen can't be asked for a division's code: those without a name are left out.
  regions: Choices.transform((all) => all.filter(({ label }) => !/^\d+$/.test(label))),
  privacy: z.string(),
  files: z
    .object({ most: z.number(), most_mb: z.number(), kinds: z.array(z.string()) })
    .nullish()
    .transform((value) => value ?? { most: 0, most_mb: 0, kinds: [] }),
  hotline_label: text,
  zone: z.string(),
  /** False: the place takes nothing in over the web. */
  open: z
    .boolean()
    .nullish()
    .transform((value) => value ?? true),
  most_text: z
    .number()
    .nullish()
    .transform((value) => value ?? 5000),
});
export type PublicForm = z.infer<typeof PublicForm>;

export const WaitingFile = z.object({ id: z.string(), kind: z.string(), size_bytes: z.number() });
export type WaitingFile = z.infer<typeof WaitingFile>;
export const WaitingFiles = z.object({ items: z.array(WaitingFile) });

export const Submitted = z.object({ number: z.string() });

export const Status = z.object({
  number: z.string(),
  state_label: z.string(),
  received_ms: z.number(),
  steps: z.array(z.object({ label: z.string(), at_ms: moment, done: z.boolean() })),
  unit_name: text,
  answer: text,
  due_ms: moment,
  zone: z.string(),
});
export type Status = z.infer<typeof Status>;
