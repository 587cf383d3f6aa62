import { expect, it } from 'vitest';

import { Move, RefusedMove } from '../tickets/schema';
import { offered, whyNots } from './order';

const move = (name: string) => Move.parse({ name, label: name });

it('offers what carries the ticket on first, and never lets a no stand out', () => {
  const found = offered(
    ['send_back', 'note', 'approve', 'urge'].map(move),
    new Set(['urge']),
  );
  expect(found.main.map(({ name }) => name)).toEqual(['approve', 'send_back']);
  expect(found.beside.map(({ name }) => name)).toEqual(['note']);
  expect(found.first).toBe('approve');
  expect(offered(['ask_return', 'note'].map(move), new Set()).first).toBeNull();
});

it('tells what a rule forbids from what is somebody else’s', () => {
  const refused = [
    { name: 'a', label: 'a', reasons: [{ message: '由承办单位办理', basis: 'N' }] },
    { name: 'b', label: 'b', reasons: [{ message: '只有疑难事项可以申请延期', basis: 'Q二(二)1' }] },
  ].map((one) => RefusedMove.parse(one));
  const { own, others } = whyNots(refused);
  expect(own.map(({ name }) => name)).toEqual(['b']);
  expect(others.map(({ name }) => name)).toEqual(['a']);
});
