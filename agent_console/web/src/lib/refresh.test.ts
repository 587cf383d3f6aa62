import { expect, it } from 'vitest';

import { oneAtATime } from './refresh';

it('given calls during a read, it reads exactly once more', async () => {
  let reads = 0;
  const gates: (() => void)[] = [];
  const refresh = oneAtATime(() => {
    reads += 1;
    return new Promise((resolve) => gates.push(resolve));
  });
  const first = refresh();
  const second = refresh();
  void refresh();
  expect(reads).toBe(1);
  gates[0]?.();
  await new Promise((resolve) => setTimeout(resolve));
  expect(reads).toBe(2);
  gates[1]?.();
  await Promise.all([first, second]);
  expect(reads).toBe(2);
});

it('given a failed read, the next call reads again', async () => {
  let reads = 0;
  const refresh = oneAtATime(() => {
    reads += 1;
    return reads === 1 ? Promise.reject(new Error('down')) : Promise.resolve();
  });
  await expect(refresh()).rejects.toThrow('down');
  await refresh();
  expect(reads).toBe(2);
});

it.each([0, 1, 2, 3, 4, 5])(
  'given a read is asked for %i steps after another has ended, it is not lost',
  async (steps) => {
    let reads = 0;
    const refresh = oneAtATime(async () => {
      reads += 1;
      const number = reads;
      await Promise.resolve();
      if (number > 1) return;
      // As a watcher does whose flush was queued by what the answer changed.
      let later = Promise.resolve();
      for (let step = 0; step < steps; step += 1) later = later.then(() => undefined);
      void later.then(() => refresh());
    });
    await refresh();
    await new Promise((resolve) => setTimeout(resolve));
    expect(reads).toBe(2);
  },
);

it('given others go on asking, whoever asked first has its answer with the first reading', async () => {
  const gates: (() => void)[] = [];
  const refresh = oneAtATime(() => new Promise((resolve) => gates.push(resolve)));
  let answered = false;
  void refresh().then(() => (answered = true));
  const second = refresh();
  gates[0]?.();
  await new Promise((resolve) => setTimeout(resolve));
  expect(answered).toBe(true);
  gates[1]?.();
  await second;
});

it('given a reading fails, one that was asked for meanwhile is done', async () => {
  let reads = 0;
  const refresh = oneAtATime(async () => {
    reads += 1;
    const number = reads;
    await Promise.resolve();
    if (number === 1) throw new Error('down');
  });
  const [first, second] = await Promise.allSettled([refresh(), refresh()]);
  expect([first.status, second.status]).toEqual(['rejected', 'fulfilled']);
  expect(reads).toBe(2);
});
