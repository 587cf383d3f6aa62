import { describe, expect, it } from 'vitest';

import { applyToFloor, caughtUp, floorFrom, queueViews } from './floor';
import { FloorCall } from '../api/schema';
import type { Change } from '../live/messages';

const start = floorFrom({
  seq: 4,
  seats: [],
  queues: [
    { name: 'business', label: '优化营商环境专线', waiting: 1, longest_since_ms: 100 },
    { name: 'general', label: '政务服务', waiting: 0, longest_since_ms: null },
  ],
  calls: [FloorCall.parse({ call_id: 'a', stage: 'waiting', queue: 'business', queued_ms: 100 })],
});

function call(call_id: string, stage: string, queued_ms: number | null): Change {
  return {
    type: 'change',
    topic: 'call',
    seq: 5,
    at_ms: 1,
    data: FloorCall.parse({ call_id, stage, queue: 'business', queued_ms }),
  };
}

describe('callers waiting', () => {
  it('counts a second caller and keeps the longest wait', () => {
    const [business, general] = queueViews(applyToFloor(start, call('b', 'waiting', 250)));
    expect(business).toMatchObject({ waiting: 2, longestSinceMs: 100 });
    expect(general).toMatchObject({ waiting: 0, longestSinceMs: null });
  });
  it('given the seat rings, the caller still waits', () => {
    expect(queueViews(applyToFloor(start, call('a', 'ringing', 100)))[0]?.waiting).toBe(1);
  });
  it('given talk begins, nobody waits; given the end, the call is gone', () => {
    const talking = applyToFloor(start, call('a', 'talking', 100));
    expect(queueViews(talking)[0]?.waiting).toBe(0);
    expect(talking.calls.size).toBe(1);
    expect(applyToFloor(talking, call('a', 'ended', 100)).calls.size).toBe(0);
  });
  it('leaves the state before as it was', () => {
    applyToFloor(start, call('a', 'ended', 100));
    expect(start.calls.size).toBe(1);
  });
});

describe('reading the floor while the feed goes on', () => {
  const read = { seq: 4, seats: [], queues: [], calls: [] };
  it('keeps what the feed told after the reading was made', () => {
    expect(caughtUp(read, [call('b', 'waiting', 250)]).calls.size).toBe(1);
  });
  it('leaves out what the reading knows better', () => {
    expect(caughtUp({ ...read, seq: 5 }, [call('b', 'waiting', 250)]).calls.size).toBe(0);
  });
});
