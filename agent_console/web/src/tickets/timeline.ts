/** A line of the timeline in words. Pure: names and labels are handed in. */
import { z } from 'zod';

import type { TimelineEntry } from '../api/schema';
import { causeWords } from './parties';

const Detail = z.object({
  line: z.string().optional(),
  key: z.string().optional(),
  queue: z.string().optional(),
  seat: z.number().nullish(),
  by: z.number().nullish(),
  /** A party of the conversation: how screens name him, and what he was rung for. */
  label: z.string().nullish(),
  why: z.string().nullish(),
  cause: z.string().nullish(),
  reason: z.string().optional(),
  position: z.number().optional(),
  what: z.union([z.string(), z.array(z.string())]).optional(),
});

export interface Words {
  kinds: Readonly<Record<string, string>>;
  endReasons: Readonly<Record<string, string>>;
  ticketStates: Readonly<Record<string, string>>;
  problems: Readonly<Record<string, string>>;
  queue: (name: string) => string;
  line: (name: string) => string;
  seat: (id: number) => string | null;
}

export interface Line {
  atMs: number;
  title: string;
  who: string;
  detail: string;
  /** Steps of the call, of the ticket: told apart on the screen. */
  of: 'call' | 'ticket';
}

const FIELD_NAMES: Readonly<Record<string, string>> = {
  type: '诉求类型',
  content_class: '内容分类',
  company: '企业名称',
  text: '诉求内容',
  disposition: '处理结果',
};
const OF_TICKET = new Set(['drafted', 'edited', 'completed', 'handed_over']);
const PURPOSES: Readonly<Record<string, string>> = {
  consult: '咨询',
  invite: '三方',
  transfer: '转接',
};

export function lineOf(entry: TimelineEntry, words: Words): Line {
  const parsed = Detail.safeParse(entry.detail);
  const detail = parsed.success ? parsed.data : {};
  const seat = detail.seat == null ? null : words.seat(detail.seat);
  return {
    atMs: entry.at_ms,
    title: words.kinds[entry.kind] ?? entry.kind,
    who: entry.who ?? seat ?? '',
    detail: detailWords(entry.kind, detail, words),
    of: OF_TICKET.has(entry.kind) ? 'ticket' : 'call',
  };
}

function detailWords(kind: string, detail: z.infer<typeof Detail>, words: Words): string {
  const what = typeof detail.what === 'string' ? [detail.what] : (detail.what ?? []);
  if (kind === 'edited') return what.map((name) => FIELD_NAMES[name] ?? name).join('、');
  if (kind === 'completed') return what.map((name) => words.ticketStates[name] ?? name).join('、');
  if (kind === 'recording_problem') return what.map((name) => words.problems[name] ?? name).join('、');
  if (detail.label) {
    const more = [PURPOSES[detail.why ?? ''], causeWords(detail.cause)].filter(Boolean);
    return [detail.label, ...more].join(' · ');
  }
  if (detail.reason !== undefined) return words.endReasons[detail.reason] ?? detail.reason;
  if (detail.position !== undefined) return `第 ${detail.position} 位`;
  if (detail.queue !== undefined) return words.queue(detail.queue);
  if (detail.key !== undefined) return `按键 ${detail.key}`;
  return detail.line === undefined ? '' : words.line(detail.line);
}

/** The same person typing on is one line: consecutive edits are drawn together. */
export function gathered(lines: readonly Line[], editedTitle: string): Line[] {
  const result: Line[] = [];
  for (const line of lines) {
    const last = result.at(-1);
    const goesOn =
      last !== undefined && last.title === editedTitle && line.title === editedTitle && last.who === line.who;
    if (!goesOn) {
      result.push(line);
      continue;
    }
    const fields = new Set([...last.detail.split('、'), ...line.detail.split('、')]);
    result[result.length - 1] = { ...line, detail: [...fields].filter(Boolean).join('、') };
  }
  return result;
}

/** Where in the recording a mark lies, ms from its start; the recording begins with the call. */
export function markOffsets(
  marks: readonly { at_ms: number; kind: string }[],
  timeline: readonly TimelineEntry[],
  lengthMs: number,
): { offsetMs: number; kind: string }[] {
  const start = timeline.find((entry) => entry.kind === 'arrived')?.at_ms;
  if (start === undefined) return [];
  return marks
    .map(({ at_ms, kind }) => ({ offsetMs: at_ms - start, kind }))
    .filter(({ offsetMs }) => offsetMs >= 0 && offsetMs <= lengthMs);
}
