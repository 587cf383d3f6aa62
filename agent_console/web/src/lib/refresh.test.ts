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
