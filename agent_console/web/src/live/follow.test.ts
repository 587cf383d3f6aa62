import { describe, expect, it } from 'vitest';

import { backoffMs, follow } from './follow';

const missed = (seq: number) =>
  JSON.stringify({
    type: 'change',
    seq,
    topic: 'missed',
    key: '7',
    at_ms: 1,
    data: { id: 7, state: 'open' },
  });

describe('following the feed', () => {
  it('given the first hello, everything is loaded', () => {
    const step = follow({ seq: null }, '{"type":"hello","seq":12,"reset":false}');
    expect(step).toEqual({ do: 'reload', seq: 12 });
  });
  it('given a hello after a break, it goes on where it was', () => {
    expect(follow({ seq: 12 }, '{"type":"hello","seq":20,"reset":false}')).toEqual({ do: 'resume' });
  });
  it('given a reset, everything is loaded again', () => {
    const step = follow({ seq: 12 }, '{"type":"hello","seq":900,"reset":true}');
    expect(step).toEqual({ do: 'reload', seq: 900 });
  });
  it('applies a new change and leaves a repeated one', () => {
    expect(follow({ seq: 12 }, missed(13)).do).toBe('apply');
    expect(follow({ seq: 13 }, missed(13)).do).toBe('nothing');
  });
  it('applies figures whatever their number: they stand in no table', () => {
    const figures = { at_ms: 1, day: '2026-11-22', queues: [], alarms: [] };
    const told = { type: 'change', seq: 13, topic: 'figures', key: 'x', at_ms: 1, data: figures };
    expect(follow({ seq: 13 }, JSON.stringify(told)).do).toBe('apply');
    expect(follow({ seq: null }, JSON.stringify(told)).do).toBe('apply');
  });
  it('moves on over topics it does not know', () => {
    const text = '{"type":"change","seq":14,"topic":"weather","key":"x","at_ms":1,"data":{}}';
    expect(follow({ seq: 13 }, text)).toEqual({ do: 'skip', seq: 14 });
  });
  it('answers a ping and survives nonsense', () => {
    expect(follow({ seq: 1 }, '{"type":"ping"}')).toEqual({ do: 'pong' });
    expect(follow({ seq: 1 }, 'nonsense')).toEqual({ do: 'nothing' });
    expect(follow({ seq: 1 }, '[]')).toEqual({ do: 'nothing' });
  });
});

describe('back-off', () => {
  it('grows and stays under 15 s', () => {
    expect(backoffMs(0, 0)).toBe(250);
    expect(backoffMs(1, 0)).toBe(500);
    expect(backoffMs(50, 0.999)).toBeLessThanOrEqual(15_000);
    expect(backoffMs(50, 0)).toBeGreaterThanOrEqual(7_500);
  });
});
