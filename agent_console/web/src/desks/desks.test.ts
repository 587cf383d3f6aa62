import { expect, it } from 'vitest';

import { firstDesk } from '../state/desks';
import { nextOf } from '../state/trail';
import { dueWords } from '../tickets/due';
import { sameRows } from '../tickets/sameRows';

const desk = (name: string, count: number, late = 0) => ({ name, label: name, count, late });

it('starts where something is late, then where there is work', () => {
  expect(firstDesk([desk('dispatch', 3), desk('approve', 1, 1)])).toBe('approve');
  expect(firstDesk([desk('dispatch', 0), desk('approve', 1)])).toBe('approve');
  expect(firstDesk([desk('drafts', 9, 2), desk('dispatch', 0)])).toBe('dispatch');
});

it('given lists with something late, the head starts where papers wait for her', () => {
  expect(firstDesk([desk('drafts', 8), desk('sign', 8), desk('lists', 21, 5)])).toBe('sign');
});

it('given a term that ended with the last working day, it is late, but not "for less than a minute"', () => {
  const left = { late: true, days: 0, hours: 0, minutes: 0, words: '' };
  expect(dueWords({ due_ms: 1, left })).toBe('已超期');
  expect(dueWords({ due_ms: 1, left: { ...left, hours: 2 } })).toBe('已超期 2 小时');
  expect(dueWords({ due_ms: 1, left: { ...left, late: false } })).toBe('临近 剩余 不足 1 分钟');
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
