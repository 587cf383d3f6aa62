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
  // Of a move: whom it was sent to, how content the caller was, and so on.
  unit_id: z.number().nullish(),
  assisting: z.array(z.number()).nullish(),
  difficulty: z.string().nullish(),
  stars: z.number().nullish(),
  reached: z.boolean().nullish(),
  means: z.string().nullish(),
  told: z.string().nullish(),
  reply_public: z.string().nullish(),
  reply_internal: z.string().nullish(),
  name: z.string().nullish(),
  fields: z.array(z.string()).nullish(),
  old_due_ms: z.number().nullish(),
  new_due_ms: z.number().nullish(),
  step: z.string().nullish(),
  kind: z.string().nullish(),
});

export interface Words {
  kinds: Readonly<Record<string, string>>;
  endReasons: Readonly<Record<string, string>>;
  ticketStates: Readonly<Record<string, string>>;
  problems: Readonly<Record<string, string>>;
  queue: (name: string) => string;
  line: (name: string) => string;
  seat: (id: number) => string | null;
  moves: Readonly<Record<string, string>>;
  difficulties: Readonly<Record<string, string>>;
  stars: Readonly<Record<string, string>>;
  terms: Readonly<Record<string, string>>;
  unit: (id: number) => string | null;
  when: (ms: number) => string;
}

export interface Line {
  atMs: number;
  title: string;
  who: string;
  detail: string;
  /** Why it was done, in the person's own words. */
  why: string;
  /** Longer texts that came with it. */
  texts: { label: string; text: string }[];
  /** The move or act; empty for what is none. */
  move: string;
  /** What it was done on: a call, a paper, a wish of the unit. */
  on: string;
  /** Steps of the call, of the ticket, of its handling: told apart on the screen. */
  of: 'call' | 'ticket' | 'loop';
}

const FIELD_NAMES: Readonly<Record<string, string>> = {
  type: '诉求类型',
  content_class: '内容分类',
  company: '企业名称',
  text: '诉求内容',
  disposition: '处理结果',
  region: '所属地区',
  credit_code: '统一社会信用代码',
  complained_unit_id: '被反映单位',
};
const OF_TICKET = new Set([
  'drafted', 'edited', 'completed', 'handed_over', 'unmasked', 'attached', 'detached', 'recomputed',
  'reminded',
]); // prettier-ignore
const MEANS: Readonly<Record<string, string>> = {
  phone: '电话',
  visit: '上门',
  meeting: '当面',
  message: '短信或其他',
};
const DONE_ON: Readonly<Record<string, string>> = {
  call: '通话',
  paper: '文书',
  ask: '单位申请',
  message: '留言',
};
const PURPOSES: Readonly<Record<string, string>> = {
  consult: '咨询',
  invite: '三方',
  transfer: '转接',
};

export function lineOf(entry: TimelineEntry, words: Words): Line {
  const parsed = Detail.safeParse(entry.detail);
  const detail = parsed.success ? parsed.data : {};
  const seat = detail.seat == null ? null : words.seat(detail.seat);
  const move = entry.move ?? '';
  return {
    atMs: entry.at_ms,
    title: words.moves[move] ?? words.kinds[entry.kind] ?? entry.kind,
    who: entry.who ?? seat ?? (move === '' ? '' : '系统'),
    detail: move === '' ? detailWords(entry.kind, detail, words) : moveWords(entry, detail, words),
    why: entry.why ?? '',
    texts: [
      { label: '答复来电人', text: detail.reply_public ?? '' },
      { label: '办理情况', text: detail.reply_internal ?? '' },
    ].filter(({ text }) => text !== ''),
    move,
    on: move === '' ? '' : (DONE_ON[entry.done_on?.split(':')[0] ?? ''] ?? ''),
    of: move !== '' ? 'loop' : OF_TICKET.has(entry.kind) ? 'ticket' : 'call',
  };
}

function moveWords(entry: TimelineEntry, detail: z.infer<typeof Detail>, words: Words): string {
  const unit = detail.unit_id == null ? null : words.unit(detail.unit_id);
  const assisting = (detail.assisting ?? []).map((id) => words.unit(id)).filter((name) => name !== null);
  const to = entry.to_state !== null && entry.to_state !== entry.from_state ? entry.to_state : null;
  return [
    unit,
    assisting.length > 0 ? `协办 ${assisting.join('、')}` : '',
    words.difficulties[detail.difficulty ?? ''],
    MEANS[detail.means ?? ''],
    detail.told == null ? '' : `已告知 ${detail.told}`,
    detail.reached === false ? '未联系上' : words.stars[String(detail.stars ?? '')],
    to === null ? '' : `转为“${words.ticketStates[to] ?? to}”`,
  ]
    .filter(Boolean)
    .join(' · ');
}

function detailWords(kind: string, detail: z.infer<typeof Detail>, words: Words): string {
  const what = typeof detail.what === 'string' ? [detail.what] : (detail.what ?? []);
  if (kind === 'edited') return what.map((name) => FIELD_NAMES[name] ?? name).join('、');
  if (kind === 'completed') return what.map((name) => words.ticketStates[name] ?? name).join('、');
  if (kind === 'recording_problem') return what.map((name) => words.problems[name] ?? name).join('、');
  if (kind === 'recomputed' && detail.old_due_ms != null && detail.new_due_ms != null) {
    return `${words.when(detail.old_due_ms)} 改为 ${words.when(detail.new_due_ms)}`;
  }
  if (kind === 'attached' || kind === 'detached') return detail.name ?? '';
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
