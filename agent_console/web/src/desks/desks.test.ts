import { expect, it } from 'vitest';

import { firstDesk } from '../state/desks';
import { nextOf } from '../state/trail';
import { sameRows } from './rows';

const desk = (name: string, count: number, late = 0) => ({ name, label: name, count, late });

it('starts where something is late, then where there is work', () => {
  expect(firstDesk([desk('dispatch', 3), desk('approve', 1, 1)])).toBe('approve');
  expect(firstDesk([desk('dispatch', 0), desk('approve', 1)])).toBe('approve');
  expect(firstDesk([desk('drafts', 9, 2), desk('dispatch', 0)])).toBe('dispatch');
});

it('has no desk to start at for somebody with drafts alone', () => {
  expect(firstDesk([desk('drafts', 4)])).toBeNull();
  expect(firstDesk([])).toBeNull();
});

it('knows the next ticket of the list one came from', () => {
  expect(nextOf([5, 7, 9], 7)).toBe(9);
  expect(nextOf([5, 7, 9], 9)).toBeNull();
  expect(nextOf([5, 7, 9], 4)).toBe(5);
  expect(nextOf([], 4)).toBeNull();
});

it('takes a quiet reading over only when no row comes, goes or moves', () => {
  const rows = [{ id: 1 }, { id: 2 }];
  expect(sameRows(rows, [{ id: 1 }, { id: 2 }])).toBe(true);
  expect(sameRows(rows, [{ id: 2 }, { id: 1 }])).toBe(false);
  expect(sameRows(rows, [{ id: 1 }])).toBe(false);
});
