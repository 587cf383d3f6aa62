/** Who was on the line, from when to when, and why it ended. Pure. */
import type { CallHistory, CallLeg, Span } from '../api/schema';

export interface LineOfParty {
  key: string;
  who: string;
  fromMs: number;
  toMs: number | null;
  /** What they did, longest first: 通话 3 分, 咨询 1 分. */
  spans: { what: string; ms: number }[];
  /** Why this leg ended. */
  end: string;
}

const SPANS: Readonly<Record<string, string>> = {
  ringing: '振铃',
  talk: '通话',
  hold: '等待音',
  consult: '咨询',
  listen: '旁听',
};
const KINDS: Readonly<Record<string, string>> = {
  expert: '专家',
  seat: '座席',
  number: '外线',
  emergency: '紧急',
  listen: '班长旁听',
  whisper: '班长密语',
  barge: '班长强插',
};
const ENDS: Readonly<Record<string, string>> = {
  normal: '正常结束',
  hung_up: '已挂机',
  caller_hung_up: '来电人挂机',
  agent_hung_up: '座席挂机',
  busy: '对方忙',
  no_answer: '无人接听',
  not_answered: '无人接听',
  refused: '拒接',
  rejected: '拒接',
  cancelled: '已取消',
  dropped: '被移出',
  left: '退出通话',
  lost: '页面或网络中断',
  wrong_number: '空号',
  unreachable: '无法接通',
  transferred: '已转接',
  transfer_failed: '转接未成功',
  taken_over: '被班长接管',
  stopped: '停止监听',
  ended: '通话结束',
};

function whoOf(leg: CallLeg): string {
  if (leg.role === 'caller') return leg.label || '来电人';
  const kind = KINDS[leg.kind ?? ''] ?? (leg.role === 'supervisor' ? '班长' : '座席');
  const name = leg.label || leg.seat_name || '';
  return name === '' ? kind : `${kind} ${name}`;
}

/** Times of the same kind are added up: a talk that was held twice is one sum. */
function sums(spans: readonly Span[], endMs: number): { what: string; ms: number }[] {
  const byKind = new Map<string, number>();
  for (const { what, from_ms, to_ms } of spans) {
    byKind.set(what, (byKind.get(what) ?? 0) + Math.max(0, (to_ms ?? endMs) - from_ms));
  }
  return [...byKind]
    .map(([what, ms]) => ({ what: SPANS[what] ?? what, ms }))
    .filter(({ ms }) => ms >= 1000)
    .sort((a, b) => b.ms - a.ms);
}

/** One line a leg, in the order of coming. `nowMs` ends what still lasts. */
export function partyLines(call: CallHistory, nowMs: number): LineOfParty[] {
  return [...call.legs]
    .sort((a, b) => a.started_ms - b.started_ms)
    .map((leg) => ({
      key: leg.id,
      who: whoOf(leg),
      fromMs: leg.answered_ms ?? leg.started_ms,
      toMs: leg.ended_ms,
      spans: sums(
        call.spans.filter(({ leg_id }) => leg_id === leg.id),
        call.ended_ms ?? nowMs,
      ),
      end: endWords(leg),
    }));
}

/** Why a leg ended, in words; a cause that is not known as it is. */
export function causeWords(cause: string | null | undefined): string {
  return cause == null ? '' : (ENDS[cause] ?? cause);
}

function endWords(leg: CallLeg): string {
  if (leg.ended_ms === null) return '进行中';
  if (leg.answered_ms === null && leg.cause === null) return '未接通';
  return causeWords(leg.cause);
}
