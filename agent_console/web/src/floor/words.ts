/** Words of the floor that no setting gives. */
import type { FloorCall, Party } from './schema';

/** States of a conversation (docs/conversation.md). */
const TALK: Partial<Record<string, string>> = {
  talking: '通话中',
  held: '保持',
  asking: '呼叫专家',
  consulting: '单独咨询',
  aside: '专家等待',
  inviting: '邀请加入',
  conference: '三方通话',
  left: '专家通话',
  handing: '转接中',
  recalling: '恢复座席',
  lost: '等待座席恢复',
};

export const SUPERVISION: Partial<Record<string, string>> = {
  listen: '监听',
  whisper: '密语',
  barge: '强插',
};

export const ROLES: Partial<Record<string, string>> = {
  caller: '来电人',
  agent: '座席',
  other: '第三方',
  supervisor: '班长',
};

export const PLACES: Partial<Record<string, string>> = {
  ringing: '振铃',
  announcing: '听告知语',
  in: '通话',
  held: '等待',
  apart: '旁听',
};

/** What the call on a seat is doing; empty before anybody answered. */
export function talkWord(call: Pick<FloorCall, 'state' | 'held'>): string {
  if (call.state === null) return call.held ? '保持' : '';
  const word = TALK[call.state] ?? call.state;
  return call.held && call.state === 'talking' ? '保持' : word;
}

/** Those on the call besides caller and agent: "张三（市场监管局）振铃", "班长监听". */
export function othersOn(parties: readonly Party[]): string[] {
  return parties
    .filter(({ role }) => role === 'other' || role === 'supervisor')
    .map((party) => {
      const name = party.label ?? (party.role === 'supervisor' ? '班长' : '第三方');
      if (party.role === 'supervisor') return `${name}${SUPERVISION[party.kind ?? ''] ?? ''}`;
      if (party.place === 'ringing' || party.place === 'announcing') return `${name}（振铃）`;
      return party.place === 'held' ? `${name}（等待）` : name;
    });
}

/** 0.962 → "96.2%", 1 → "100%", null → "—". */
export function percent(share: number | null): string {
  if (share === null) return '—';
  // Rounding up to 100 would hide the one who was lost.
  const shown = share >= 1 ? 100 : Math.min(99.9, Math.round(share * 1000) / 10);
  return `${shown}%`;
}

/** 93 → "1 分 33 秒"; short enough for a card. */
export function seconds(value: number | null): string {
  if (value === null) return '—';
  const whole = Math.round(value);
  if (whole < 60) return `${whole} 秒`;
  const rest = whole % 60;
  return rest === 0 ? `${Math.floor(whole / 60)} 分` : `${Math.floor(whole / 60)} 分 ${rest} 秒`;
}
