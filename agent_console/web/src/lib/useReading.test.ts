import { expect, it } from 'vitest';

import { useReading } from './useReading';

interface Kept {
  version: number;
}

function underWay(isOlder?: (read: Kept, now: Kept) => boolean) {
  let answer: (is: Kept) => void = () => undefined;
  const reading = useReading(
    () => new Promise<Kept>((resolve) => (answer = resolve)),
    isOlder,
  );
  return { reading, answer: (is: Kept) => { answer(is); } }; // prettier-ignore
}
const byVersion = (read: Kept, now: Kept): boolean => read.version < now.version;

it('given something was done while it was read, the older answer is left', async () => {
  const { reading, answer } = underWay(byVersion);
  const done = reading.read();
  reading.value.value = { version: 2 };
  answer({ version: 1 });
  await done;
  expect(reading.value.value.version).toBe(2);
  expect(reading.loading.value).toBe(false);
});

it.each([1, 2, 3])('given nothing newer stands there, version %i is taken', async (version) => {
  const { reading, answer } = underWay(byVersion);
  reading.value.value = { version: 1 };
  const done = reading.read();
  const came = { version };
  answer(came);
  await done;
  expect(reading.value.value).toBe(came);
});
