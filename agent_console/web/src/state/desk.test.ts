import { describe, expect, it, vi } from 'vitest';

import { desk, nextCard, patchedCard, shouldReturn } from './desk';
import { CallCard, Seat } from '../api/schema';
import { server } from '../api/server';
import { CallChange, type Change } from '../live/messages';

const card = CallCard.parse({
  call_id: 'c1',
  stage: 'talking',
  line: 'main',
  line_label: '12345',
  queue: 'business',
  queue_label: '优化营商环境专线',
  caller_masked: '138****0001',
  started_ms: 1,
  queued_ms: 2,
  talk_ms: null,
  ended_ms: null,
  ticket_id: null,
  held: false,
  recording: { id: 1, state: 'running', paused: false, problem: null },
  earlier_calls: [],
  earlier_tickets: [],
});

function change(data: Record<string, unknown>): Change {
  return {
    type: 'change',
    topic: 'call',
    seq: 9,
    at_ms: 9,
    data: CallChange.parse({
      call_id: 'c1',
      stage: 'talking',
      queue: 'business',
      queued_ms: 2,
      seat_id: 1,
      ...data,
    }),
  };
}

describe('the card of my call', () => {
  it('takes hold, pause of the recording and the ticket from the feed', () => {
    const patched = patchedCard(card, change({ held: true, recording_paused: true, ticket_id: 5 }));
    expect(patched).toMatchObject({ held: true, ticket_id: 5, recording: { paused: true } });
  });
  it('leaves out what a change does not say', () => {
    expect(patchedCard({ ...card, ticket_id: 7 }, change({}))?.ticket_id).toBe(7);
  });
  it('never takes another call for its own', () => {
    expect(patchedCard(card, change({ call_id: 'c2', held: true }))).toBe(card);
  });
  it('shows that its recording has failed', () => {
    const failed: Change = {
      type: 'change',
      topic: 'recording',
      seq: 10,
      at_ms: 9,
      data: { id: 1, call_id: 'c1', state: 'failed', problem: '磁盘已满' },
    };
    expect(patchedCard(card, failed)?.recording).toMatchObject({ state: 'failed' });
  });
});

describe('reading the card again', () => {
  it('given the call is over, it stays during the wrap-up and goes after it', () => {
    expect(nextCard(card, null, 'wrap_up')).toBe(card);
    expect(nextCard(card, null, 'available')).toBeNull();
  });
  it('given a new call, it is the new one', () => {
    const other = { ...card, call_id: 'c2' };
    expect(nextCard(card, other, 'wrap_up')).toBe(other);
  });
});

describe('a seat that lost its telephone', () => {
  const lost = { state: 'offline', reason: 'phone_lost', since_ms: 1_000, phone_ready: true } as const;
  it('is available again when telephone and microphone are back', () => {
    expect(shouldReturn(lost, 'ready', true, 5_000)).toBe(true);
  });
  it('waits for both sides of the telephone and for the microphone', () => {
    expect(shouldReturn({ ...lost, phone_ready: false }, 'ready', true, 5_000)).toBe(false);
    expect(shouldReturn(lost, 'connecting', true, 5_000)).toBe(false);
    expect(shouldReturn(lost, 'ready', false, 5_000)).toBe(false);
  });
  it('given the person left by herself or long ago, stays offline', () => {
    expect(shouldReturn({ ...lost, reason: null }, 'ready', true, 5_000)).toBe(false);
    expect(shouldReturn(lost, 'ready', true, 500_000)).toBe(false);
  });
});

describe('an answer about my seat', () => {
  const seat = (phone_ready: boolean): Seat =>
    Seat.parse({ id: 1, account_id: 2, name: '一号', state: 'offline', since_ms: 1, phone_ready, skills: [] });

  it('that was overtaken by a change is not taken', async () => {
    desk.begin(seat(false));
    let answer: (is: Seat) => void = () => undefined;
    vi.spyOn(server, 'seat').mockReturnValueOnce(new Promise((resolve) => (answer = resolve)));
    const reading = desk.load();
    desk.apply({ type: 'change', topic: 'seat', seq: 1, at_ms: 1, data: seat(true) });
    answer(seat(false));
    await reading;
    expect(desk.seat.value?.phone_ready).toBe(true);
  });
  it('that nothing overtook is taken', async () => {
    desk.begin(seat(false));
    vi.spyOn(server, 'seat').mockResolvedValueOnce(seat(true));
    await desk.load();
    expect(desk.seat.value?.phone_ready).toBe(true);
  });
});

describe('an answer about my call', () => {
  it('does not take back what the feed told while it was on its way', async () => {
    const seat = Seat.parse({
      id: 1, account_id: 2, name: '一号', state: 'talking', since_ms: 1, call_id: 'c1', phone_ready: true, skills: [],
    }); // prettier-ignore
    desk.begin(seat);
    vi.spyOn(server, 'seat').mockResolvedValue(seat);
    let answer: (is: CallCard) => void = () => undefined;
    const asked = vi.spyOn(server, 'currentCall').mockResolvedValueOnce(card);
    await desk.load();
    asked.mockReturnValueOnce(new Promise((resolve) => (answer = resolve)));
    const again = desk.load();
    await vi.waitFor(() => {
      expect(asked).toHaveBeenCalledTimes(2);
    });
    desk.apply(change({ recording_paused: true }));
    answer(card);
    await again;
    expect(asked).toHaveBeenCalledTimes(2);
    expect(desk.card.value?.recording?.paused).toBe(true);
  });
});
