import { describe, expect, it } from 'vitest';

import { CallCard, Problem, Seat } from './schema';

describe('reading what the server says', () => {
  it('takes a problem with nothing but what RFC 9457 and we always write', () => {
    const problem = Problem.parse({
      type: 'urn:hotline:problem:form-incomplete',
      title: '现在不能这样做',
      status: 409,
      detail: '工单还没有填写完整',
    });
    expect(problem.errors).toEqual([]);
    expect(problem.current).toBeUndefined();
  });
  it('takes a seat of a colleague, whose private side is left out', () => {
    const seat = {
      id: 1,
      account_id: 2,
      name: '话务员甲',
      state: 'paused',
      since_ms: 5,
      reason: null,
      call_id: null,
      phone_ready: true,
      skills: [{ queue: 'business', level: 1 }],
      idle_since_ms: 4,
    };
    expect(Seat.parse(seat)).toMatchObject({ wrap_up_until_ms: null, after_call: null });
    expect(Seat.safeParse({ ...seat, state: 'asleep' }).success).toBe(false);
  });
  it('takes a call without a queue, a ticket or a recording yet', () => {
    const card = CallCard.parse({
      call_id: 'c',
      stage: 'menu',
      started_ms: 1,
      held: false,
      earlier_calls: [],
      earlier_tickets: [],
    });
    expect(card).toMatchObject({ queue: null, ticket_id: null, recording: null });
  });
});
