import { describe, expect, it } from 'vitest';

import { gathered, lineOf, markOffsets, type Words } from './timeline';

const words: Words = {
  kinds: { edited: '修改工单', ended: '通话结束', answered: '座席接听', completed: '提交工单' },
  endReasons: { caller_hung_up: '来电人挂机' },
  ticketStates: { closed: '已办结' },
  problems: { disk_full: '录音存储空间不足' },
  queue: (name) => ({ business: '优化营商环境专线' })[name] ?? name,
  line: (name) => name,
  seat: (id) => (id === 1 ? '王小丽' : null),
  moves: { dispatch: '派单', follow_up: '登记回访', reply: '提交答复' },
  difficulties: { simple: '简单' },
  stars: { '2': '不满意' },
  terms: { done: '办结' },
  unit: (id) => ({ 5: '市场监管局', 6: '税务局' })[id] ?? null,
  when: (ms) => `时刻 ${ms}`,
};
const entry = (kind: string, detail: unknown, who: string | null = null) => ({
  at_ms: 5,
  kind,
  who,
  detail,
  move: null,
  from_state: null,
  to_state: null,
  why: null,
  done_on: null,
});
/** A move or an act of the closed loop. */
const moved = (move: string, detail: unknown, more: object = {}) => ({
  ...entry(move === 'dispatch' ? 'moved' : 'acted', detail, '派单员甲'),
  move,
  ...more,
});

describe('lines of the timeline', () => {
  it('says who and what', () => {
    expect(lineOf(entry('answered', { seat: 1 }), words)).toMatchObject({
      title: '座席接听',
      who: '王小丽',
      of: 'call',
    });
    expect(lineOf(entry('ended', { reason: 'caller_hung_up' }), words).detail).toBe('来电人挂机');
    expect(lineOf(entry('completed', { what: ['closed'] }), words).detail).toBe('已办结');
    expect(lineOf(entry('recording_problem', { what: 'disk_full' }), words).detail).toBe(
      '录音存储空间不足',
    );
  });
  it('says of a move to whom, into which state, why and on what', () => {
    const line = lineOf(
      moved('dispatch', { unit_id: 5, assisting: [6], difficulty: 'simple' }, {
        from_state: 'to_dispatch', to_state: 'closed', why: '请尽快核实', done_on: 'call:abc',
      }),
      words,
    );
    expect(line).toMatchObject({
      title: '派单', who: '派单员甲', why: '请尽快核实', on: '通话', of: 'loop', move: 'dispatch',
      detail: '市场监管局 · 协办 税务局 · 简单 · 转为“已办结”',
    });
  });
  it('says how content a caller was, and that he was not reached', () => {
    expect(lineOf(moved('follow_up', { stars: 2, reached: true }), words).detail).toBe('不满意');
    expect(lineOf(moved('follow_up', { stars: null, reached: false }), words).detail).toBe('未联系上');
  });
  it('keeps both texts of a reply, and names the system where nobody acted', () => {
    const line = lineOf(
      { ...moved('reply', { reply_public: '已退还', reply_internal: '已核实' }), who: null },
      words,
    );
    expect(line.texts).toEqual([
      { label: '答复来电人', text: '已退还' },
      { label: '办理情况', text: '已核实' },
    ]);
    expect(line.who).toBe('系统');
  });
  it('names the party of a conversation, what he was rung for and why he went', () => {
    const rung = { leg: 'x', who: 'expert', label: '张三（市场监管局）', why: 'consult' };
    expect(lineOf(entry('party_rung', rung), words).detail).toBe('张三（市场监管局） · 咨询');
    const gone = { leg: 'x', label: '张三', cause: 'not_answered', seat: null };
    expect(lineOf(entry('party_gone', gone), words).detail).toBe('张三 · 无人接听');
  });
  it('shows a kind or a detail it does not know as it is', () => {
    expect(lineOf(entry('weather', 'rain'), words)).toMatchObject({ title: 'weather', detail: '' });
  });
  it('draws the same person typing on as one line, another person as another', () => {
    const lines = [
      lineOf(entry('edited', { what: ['text'] }, '王小丽'), words),
      lineOf(entry('edited', { what: ['text', 'company'] }, '王小丽'), words),
      lineOf(entry('edited', { what: ['type'] }, '李建国'), words),
    ];
    expect(gathered(lines, '修改工单').map((line) => line.detail)).toEqual([
      '诉求内容、企业名称',
      '诉求类型',
    ]);
  });
});

describe('marks of a recording', () => {
  const timeline = [entry('arrived', {})];
  it('counts from the beginning of the call and leaves out what lies outside', () => {
    const marks = [
      { at_ms: 1_005, kind: 'pause' },
      { at_ms: 99_005, kind: 'resume' },
    ];
    expect(markOffsets(marks, timeline, 60_000)).toEqual([{ offsetMs: 1_000, kind: 'pause' }]);
  });
  it('given no beginning, shows no mark rather than a wrong one', () => {
    expect(markOffsets([{ at_ms: 5, kind: 'pause' }], [], 60_000)).toEqual([]);
  });
});
