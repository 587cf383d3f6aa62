/** Digests of suggestions: a month's gathered, a quarter's signed (Q二(二)1). */
import { z } from 'zod';


const count = z.number().int();
const text = z.string().nullish().transform((value) => value ?? '');
const ms = z.number().nullish().transform((value) => value ?? null);

export const DigestRow = z.object({
  period: z.string(),
  label: z.string(),
  quarter: z.boolean(),
  state: z.string(),
  number: text,
  total: count,
  over: z.boolean(),
  due: z.boolean(),
});
export type DigestRow = z.infer<typeof DigestRow>;

export const Act = z.enum(['save', 'keep', 'submit', 'sign', 'send_back']);
export type Act = z.infer<typeof Act>;

export const Digest = z.object({
  period: z.string(),
  label: z.string(),
  quarter: z.boolean(),
  title: z.string(),
  state: z.string(),
  version: count,
  text: z.string(),
  letter: z.string(),
  answer: text,
  number: text,
  drafted_by: text,
  drafted_ms: ms,
  ended_by: text,
  ended_ms: ms,
  over: z.boolean(),
  total: count,
  settled: count,
  total_before: count,
  classes: z.array(z.object({ label: z.string(), count, before: count })),
  months: z.array(
    z.object({ period: z.string(), label: z.string(), state: z.string(), total: count, text: z.string() }),
  ),
  may: z.array(Act),
  from_label: z.string(),
});
export type Digest = z.infer<typeof Digest>;

export const Suggestion = z.object({
  id: count,
  number: z.string(),
  created_ms: z.number(),
  class_label: text,
  state: z.string(),
  text_head: text,
  answer_head: text,
});
export type Suggestion = z.infer<typeof Suggestion>;

