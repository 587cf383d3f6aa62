import { describe, expect, it } from 'vitest';

import { Notice } from '../api/schema';
import { withNotice } from './notices';

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
