import { afterEach, describe, expect, it, vi } from 'vitest';

import { Unreachable } from '../api/http';
import * as sending from './sendFile';
import { publicServer } from './server';
import { useFiles } from './useFiles';

const RULES = { most: 5, most_mb: 1, kinds: ['jpg'] };
const WAITS = { id: 'a'.repeat(64) + '.jpg', kind: 'jpg', size_bytes: 10 };
const photo = new File(['x'], '现场.jpg');

describe('the list of a form\'s files that is on its way', () => {
  let answer: (is: { items: (typeof WAITS)[] }) => void = () => undefined;
  const begun = () => {
    vi.spyOn(publicServer, 'files').mockReturnValueOnce(new Promise((resolve) => (answer = resolve)));
    const own = useFiles(() => 'key', () => RULES);
    return { own, reading: own.load() };
  };
  const sends = (done: Promise<typeof WAITS>) =>
    vi.spyOn(sending, 'sendFile').mockReturnValueOnce({ done, stop: () => undefined });
  afterEach(() => vi.restoreAllMocks());

  it('does not take away what was picked and could not be sent meanwhile', async () => {
    const { own, reading } = begun();
    sends(Promise.reject(new Unreachable()));
    own.pick([photo]);
    await vi.waitFor(() => expect(own.files.value[0]?.again).toBe(true));
    answer({ items: [WAITS] });
    await reading;
    expect(own.files.value.map(({ name }) => name)).toEqual(['文件1.jpg', '现场.jpg']);
    sends(Promise.resolve({ ...WAITS, id: 'b' }));
    own.again(own.files.value[1]?.at ?? -1);
    await vi.waitFor(() => expect(own.ids.value).toEqual([WAITS.id, 'b']));
  });

  it('has what was received meanwhile once, under its own name', async () => {
    const { own, reading } = begun();
    sends(Promise.resolve(WAITS));
    own.pick([photo]);
    await vi.waitFor(() => expect(own.ids.value).toEqual([WAITS.id]));
    answer({ items: [WAITS] });
    await reading;
    expect(own.files.value.map(({ name, id }) => [name, id])).toEqual([['现场.jpg', WAITS.id]]);
  });

  it('takes away what went, when it is asked for anew', async () => {
    const { own, reading } = begun();
    answer({ items: [WAITS] });
    await reading;
    vi.spyOn(publicServer, 'files').mockResolvedValueOnce({ items: [] });
    await own.load();
    expect(own.files.value).toEqual([]);
  });
});
