import { afterEach, describe, expect, it, vi } from 'vitest';

import { Notice } from '../api/schema';
import { server } from '../api/server';
import { notices, withNotice } from './notices';

const notice = (id: number, more: object = {}): Notice =>
  Notice.parse({ id, text: `通知 ${id}`, at_ms: id * 10, ...more });

describe('messages of the supervisor', () => {
  it('stand newest first, each once', () => {
    const two = withNotice([notice(1)], notice(2));
    expect(two.map(({ id }) => id)).toEqual([2, 1]);
    expect(withNotice(two, notice(2)).map(({ id }) => id)).toEqual([2, 1]);
  });
  it('stay read when the feed tells them again', () => {
    const read = withNotice([], notice(1, { read_ms: 99 }));
    expect(withNotice(read, notice(1))[0]?.read_ms).toBe(99);
  });
  it('are twenty at most', () => {
    let list: Notice[] = [];
    for (let id = 1; id <= 25; id += 1) list = withNotice(list, notice(id));
    expect(list).toHaveLength(20);
    expect(list[0]?.id).toBe(25);
  });
});

describe('a list that is on its way', () => {
  let answer: (is: Notice[]) => void = () => undefined;
  const asked = (): Promise<void> => {
    vi.spyOn(server, 'notices').mockReturnValueOnce(new Promise((resolve) => (answer = resolve)));
    return notices.load();
  };
  afterEach(() => {
    notices.forget();
    vi.restoreAllMocks();
  });

  it('does not take back a message that came meanwhile', async () => {
    const reading = asked();
    const data = notice(2, { to_seat_id: 7 });
    notices.apply({ type: 'change', topic: 'message', seq: 1, at_ms: 1, data }, 7);
    answer([notice(1)]);
    await reading;
    expect(notices.list.value.map(({ id }) => id)).toEqual([2, 1]);
  });
  it('does not make unread what was read meanwhile', async () => {
    vi.spyOn(server, 'readNotice').mockResolvedValue();
    const reading = asked();
    await notices.markRead(notice(1), 99);
    answer([notice(1)]);
    await reading;
    expect(notices.unread.value).toEqual([]);
  });
});
