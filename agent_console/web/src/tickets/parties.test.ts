import { describe, expect, it } from 'vitest';

import { CallHistory } from '../api/schema';
import { partyLines } from './parties';

const call = CallHistory.parse({
  call_id: 'c1',
  started_ms: 0,
  ended_ms: 300_000,
  legs: [
    { id: 's', role: 'agent', kind: 'seat', seat_name: '王小丽', started_ms: 5_000, answered_ms: 9_000, ended_ms: 200_000, cause: 'left' },
    { id: 'c', role: 'caller', started_ms: 0, answered_ms: 0, ended_ms: 300_000, cause: 'normal' },
    { id: 'x', role: 'other', kind: 'expert', label: '张三（市场监管局）', started_ms: 60_000, answered_ms: null, ended_ms: 90_000, cause: 'no_answer' },
  ],
  spans: [
    { leg_id: 's', what: 'talk', from_ms: 9_000, to_ms: 60_000 },
    { leg_id: 's', what: 'hold', from_ms: 60_000, to_ms: 90_000 },
    { leg_id: 's', what: 'talk', from_ms: 90_000, to_ms: 200_000 },
    { leg_id: 'c', what: 'talk', from_ms: 9_000, to_ms: null },
  ],
});

describe('who was on the line', () => {
  const lines = partyLines(call, 999_000);
  it('stands in the order of coming, each with a name in words', () => {
    expect(lines.map(({ who }) => who)).toEqual(['来电人', '座席 王小丽', '专家 张三（市场监管局）']);
  });
  it('adds up what each one did; what lasts is ended by the call', () => {
    expect(lines[1]?.spans).toEqual([
      { what: '通话', ms: 161_000 },
      { what: '等待音', ms: 30_000 },
    ]);
    expect(lines[0]?.spans).toEqual([{ what: '通话', ms: 291_000 }]);
  });
  it('says why each one ended, a cause it does not know as it is', () => {
    expect(lines.map(({ end }) => end)).toEqual(['正常结束', '退出通话', '无人接听']);
    const strange = CallHistory.parse({
      ...call,
      legs: [{ ...call.legs[0], cause: '44' }],
    });
    expect(partyLines(strange, 0)[0]?.end).toBe('44');
  });
});
