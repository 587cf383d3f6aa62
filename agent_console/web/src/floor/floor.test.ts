import { describe, expect, it } from 'vitest';

import { AGAIN_MS, inOrder, levelOf, listen, NOTHING_HEARD } from './alarms';
import { bars, inWords } from './bars';
import { filterOf, queryOf } from './filterQuery';
import { comingHours } from './hours';
import { FloorCall, Party, type Alarm } from './schema';
import { counts, HELD_LONG_MS, keepOrder, rowOf, select, waitingCallers, type Filter } from './seatRows';
import { supervised, whyNot, type Me } from './supervision';
import { untilMs } from './until';
import { othersOn, percent, seconds, talkWord } from './words';
import { Seat } from '../api/schema';

const NOW = 10_000_000;
const everybody: Filter = { group: 'all', queue: '', name: '', sort: 'urgency' };

function seat(id: number, more: Partial<Seat> = {}): Seat {
  return Seat.parse({
    id,
    account_id: id,
    name: `座席${id}`,
    state: 'available',
    since_ms: NOW - 1000,
    phone_ready: true,
    skills: [{ queue: 'business', level: 1 }],
    ...more,
  });
}
function call(call_id: string, more: Record<string, unknown> = {}): FloorCall {
  return FloorCall.parse({ call_id, stage: 'talking', queue: 'business', ...more });
}
function party(role: string, more: Record<string, unknown> = {}): Party {
  return Party.parse({ leg: role, role, place: 'in', ...more });
}
const callsOf = (...all: FloorCall[]) => new Map(all.map((one) => [one.call_id, one]));
const rows = (...all: Seat[]) => all.map((one) => rowOf(one, new Map(), NOW));
const ids = (found: ReturnType<typeof select>) => found.map((row) => row.seat.id);

describe('what needs a person', () => {
  it('a caller whose agent is gone comes before everything', () => {
    const lost = rowOf(
      seat(1, { state: 'talking', call_id: 'c' }),
      callsOf(call('c', { state: 'lost' })),
      NOW,
    );
    const noAnswer = rowOf(seat(2, { state: 'no_answer' }), new Map(), NOW);
    expect(lost.attention).toContain('来电人在等');
    expect(ids(select([noAnswer, lost], everybody))).toEqual([1, 2]);
  });
  it('a seat that takes calls without a telephone is a ghost, one that is away is not', () => {
    expect(rowOf(seat(1, { phone_ready: false }), new Map(), NOW).attention).toBe('电话未就绪');
    const away = seat(1, { phone_ready: false, state: 'offline' });
    expect(rowOf(away, new Map(), NOW).attention).toBe('');
  });
  it('a caller on hold counts from the moment of the hold', () => {
    const held = (since_ms: number) =>
      rowOf(
        seat(1, { state: 'talking', call_id: 'c' }),
        callsOf(call('c', { parties: [party('caller', { place: 'held', since_ms })] })),
        NOW,
      ).attention;
    expect(held(NOW - HELD_LONG_MS)).toBe('来电人保持过久');
    expect(held(NOW - HELD_LONG_MS + 1)).toBe('');
  });
});

describe('the table of seats', () => {
  it('puts the longest first among equals, and calm seats behind urgent ones', () => {
    const found = select(
      rows(
        seat(1),
        seat(2, { state: 'talking', since_ms: NOW - 9000 }),
        seat(3, { state: 'talking', since_ms: NOW - 99_000 }),
        seat(4, { state: 'no_answer' }),
        seat(5, { state: 'offline' }),
      ),
      everybody,
    );
    expect(ids(found)).toEqual([4, 3, 2, 1, 5]);
  });
  it('filters by state, queue and name; a call of the queue counts as well as a skill', () => {
    const lent = rowOf(
      seat(3, { state: 'talking', call_id: 'c', skills: [] }),
      callsOf(call('c', { queue: 'general' })),
      NOW,
    );
    const all = [...rows(seat(1), seat(2, { state: 'paused', name: '王小丽' })), lent];
    expect(ids(select(all, { ...everybody, group: 'paused' }))).toEqual([2]);
    expect(ids(select(all, { ...everybody, group: 'call' }))).toEqual([3]);
    expect(ids(select(all, { ...everybody, queue: 'general' }))).toEqual([3]);
    expect(ids(select(all, { ...everybody, name: ' 小丽 ' }))).toEqual([2]);
  });
  it('counts the groups of the queue shown', () => {
    const all = rows(seat(1), seat(2, { state: 'ringing' }), seat(3, { skills: [] }));
    expect(counts(all, 'business')).toMatchObject({ all: 2, call: 1, available: 1 });
  });
  it('sorts names as people read them', () => {
    const found = select(rows(seat(10), seat(2)), { ...everybody, sort: 'name' });
    expect(ids(found)).toEqual([2, 10]);
  });
  it('keeps its order under the hand, newcomers at the end', () => {
    expect(ids(keepOrder([3, 9, 1], rows(seat(2), seat(1), seat(3))))).toEqual([3, 1, 2]);
  });
});

it('lists waiting callers as they will be served: the head first, then by time', () => {
  const waiting = (id: string, queued_ms: number, more = {}) =>
    call(id, { stage: 'waiting', queued_ms, ...more });
  const found = waitingCallers(
    [
      waiting('b', 20),
      call('t', { queued_ms: 1 }),
      waiting('a', 10),
      waiting('h', 90, { head: true }),
      waiting('g', 5, { queue: 'general' }),
    ],
    'business',
  );
  expect(found.map(({ call_id }) => call_id)).toEqual(['h', 'a', 'b']);
});

describe('alarms that are heard', () => {
  const waits: Alarm = { code: 'longest_wait', queue: 'business', level: 'amber', text: '' };
  const worse: Alarm = { ...waits, level: 'red' };
  it('sounds once when it is new and again when it is worse', () => {
    const [first, heard] = listen(NOTHING_HEARD, [waits], 0);
    expect(first).toBe('amber');
    const [again, later] = listen(heard, [waits], 1000);
    expect(again).toBeNull();
    expect(listen(later, [worse], 2000)[0]).toBe('red');
  });
  it('a red one is heard again while it lasts, an amber one is not', () => {
    const heard = listen(NOTHING_HEARD, [waits, worse], 0)[1];
    expect(listen(heard, [waits, worse], AGAIN_MS - 1)[0]).toBeNull();
    expect(listen(heard, [waits, worse], AGAIN_MS)[0]).toBe('red');
    expect(listen(heard, [waits], AGAIN_MS)[0]).toBeNull();
  });
  it('given it went and came back, it is new', () => {
    const gone = listen(listen(NOTHING_HEARD, [waits], 0)[1], [], 10)[1];
    expect(listen(gone, [waits], 20)[0]).toBe('amber');
  });
  it('colours the figure that an alarm is about, and the queue by its worst', () => {
    const rate: Alarm = { code: 'connect_rate', queue: 'business', level: 'red', text: '' };
    expect(levelOf([waits, rate], 'business')).toBe('red');
    expect(levelOf([waits, rate], 'business', 'waiting', 'longest_wait')).toBe('amber');
    expect(levelOf([waits, rate], 'general')).toBe('');
  });
  it('shows red before amber', () => {
    expect(inOrder([waits, worse]).map(({ level }) => level)).toEqual(['red', 'amber']);
  });
});

describe('calls by hour', () => {
  const hour = (at: number, answered: number, abandoned: number) => ({
    hour: at,
    offered: answered + abandoned,
    answered,
    abandoned,
  });
  it('draws at least eight hours and puts the highest to the top', () => {
    const drawn = bars([hour(8, 30, 10), hour(9, 20, 0)], 160, 40);
    expect(drawn).toHaveLength(8);
    const [eight, nine] = drawn.slice(-2);
    expect(eight).toMatchObject({ hour: 8, answeredHeight: 30, lostTop: 0, lostHeight: 10 });
    expect(nine).toMatchObject({ hour: 9, answeredTop: 20, lostHeight: 0 });
  });
  it('given nobody has called, draws nothing and says so', () => {
    expect(bars([hour(8, 0, 0)], 160, 40)).toEqual([]);
    expect(inWords([hour(8, 0, 0)])).toBe('今日还没有来电');
  });
  it('at midnight the day begins at the left edge', () => {
    expect(bars([hour(0, 1, 0)], 160, 40)[0]).toMatchObject({ hour: 0, answeredHeight: 40 });
  });
  it('says the day in one sentence', () => {
    expect(inWords([hour(8, 30, 10), hour(9, 20, 0)])).toBe(
      '今日来电 60 个，接通 50 个，放弃 10 个；最多的是 8 时，来电 40 个',
    );
  });
});

describe('the hours to come', () => {
  const ZONE = 'Asia/Shanghai';
  const slot = (hour: number, minute: number, need: number, roster: number | null = null) => ({
    from_ms: Date.UTC(2026, 10, 22, hour - 8, minute),
    calls: 10,
    talk_s: null,
    need,
    roster,
  });
  it('sums the calls of an hour and takes its greatest need; the first may be a rest', () => {
    const hours = comingHours(
      [slot(9, 45, 5), slot(10, 0, 6, 8), slot(10, 15, 9, 11), slot(10, 30, 7)],
      ZONE,
    );
    expect(hours).toEqual([
      { fromMs: slot(9, 45, 0).from_ms, calls: 10, need: 5, roster: null },
      { fromMs: slot(10, 0, 0).from_ms, calls: 30, need: 9, roster: 11 },
    ]);
  });
  it('ends a choice at the end of the day of the hotline', () => {
    const late = Date.UTC(2026, 10, 22, 15, 30); // 23:30 in Shanghai
    expect(untilMs('day', late, ZONE)).toBe(Date.UTC(2026, 10, 22, 16));
    expect(untilMs('1h', late, ZONE)).toBe(late + 3_600_000);
  });
});

describe('supervision', () => {
  const mine = { id: 9, state: 'paused' } as const;
  const me: Me = { seat: mine, phone: '', online: true, supervised: null };
  const served = call('c', { state: 'talking' });
  const busy = seat(1, { state: 'talking', call_id: 'c' });
  it('finds the call on which my seat listens, and how', () => {
    const watched = call('c', {
      parties: [
        party('agent', { seat_id: 9 }),
        party('supervisor', { seat_id: 9, kind: 'whisper', place: 'apart' }),
      ],
    });
    expect(supervised([served, watched], 9)).toMatchObject({ mode: 'whisper', ringing: false });
    expect(supervised([watched], 8)).toBeNull();
    expect(supervised([watched], null)).toBeNull();
  });
  it('as an agent of a call I supervise nothing', () => {
    expect(supervised([call('c', { parties: [party('agent', { seat_id: 9 })] })], 9)).toBeNull();
  });
  it('is possible with a seat, a telephone and a call, otherwise says what is missing', () => {
    expect(whyNot(busy, served, me)).toBe('');
    expect(whyNot(busy, null, me)).toContain('不在通话中');
    expect(whyNot(busy, call('c', { stage: 'waiting' }), me)).toContain('不在通话中');
    expect(whyNot(busy, served, { ...me, seat: null })).toContain('没有座席');
    expect(whyNot(busy, served, { ...me, seat: { id: 1, state: 'paused' } })).toContain('自己');
    expect(whyNot(busy, served, { ...me, phone: '电话连接中' })).toBe('电话连接中');
    expect(whyNot(busy, served, { ...me, online: false })).toContain('网络');
  });
  it('in one call already: this one may change, another must wait', () => {
    const state = { ...mine, state: 'talking' } as const;
    const on = (id: string): Me => ({
      ...me,
      seat: state,
      supervised: { call: call(id), mode: 'listen', ringing: false, sinceMs: null },
    });
    expect(whyNot(busy, served, on('c'))).toBe('');
    expect(whyNot(busy, served, on('d'))).toContain('另一通话');
    expect(whyNot(busy, served, { ...me, seat: state })).toContain('正在通话');
  });
});

it('keeps the filter in the address, and only what differs from the beginning', () => {
  expect(queryOf(everybody)).toEqual({});
  const asked: Filter = { group: 'paused', queue: 'business', name: '王', sort: 'name' };
  expect(filterOf(queryOf(asked) as Record<string, string>)).toEqual(asked);
  expect(filterOf({ state: 'nonsense', sort: 'nonsense' })).toEqual(everybody);
});

describe('words', () => {
  it('never rounds up to a hundred', () => {
    expect(percent(0.9996)).toBe('99.9%');
    expect(percent(1)).toBe('100%');
    expect(percent(0.9617)).toBe('96.2%');
    expect(percent(null)).toBe('—');
  });
  it('says seconds shortly', () => {
    expect([null, 59.4, 60, 93].map(seconds)).toEqual(['—', '59 秒', '1 分', '1 分 33 秒']);
  });
  it('names the state of a conversation, and a state it does not know by its code', () => {
    expect(talkWord(call('c', { state: 'conference' }))).toBe('三方通话');
    expect(talkWord(call('c', { state: 'talking', held: true }))).toBe('保持');
    expect(talkWord(call('c', { state: 'dancing' }))).toBe('dancing');
    expect(talkWord(call('c'))).toBe('');
  });
  it('names who else is on the call and what they do', () => {
    const others = othersOn([
      party('caller'),
      party('agent'),
      party('other', { label: '张三（市场监管局）', place: 'ringing' }),
      party('other', { label: '110' }),
      party('supervisor', { label: '班长', kind: 'listen' }),
    ]);
    expect(others).toEqual(['张三（市场监管局）（振铃）', '110', '班长监听']);
  });
});
