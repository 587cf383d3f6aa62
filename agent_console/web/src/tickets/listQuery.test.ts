import { expect, it } from 'vitest';

import { filtersOf, isFiltered, NO_FILTER, ownOrder, readQuery, writeQuery } from './listQuery';

it('keeps only what differs in the address, and reads it back', () => {
  const query = { ...NO_FILTER, q: '补贴', mine: true, difficulty: 'simple', order: 'due', page: 3 };
  expect(writeQuery(query)).toEqual({ q: '补贴', mine: '1', difficulty: 'simple', order: 'due', page: '3' });
  expect(readQuery(writeQuery(query))).toEqual(query);
});

it('survives an address somebody typed', () => {
  const typed = { page: '-4', mine: 'yes', q: ['a', 'b'], type: null, order: 'sideways' };
  expect(readQuery(typed)).toEqual(NO_FILTER);
});

it('counts both days of the range in the zone of the hotline', () => {
  const filters = filtersOf({ ...NO_FILTER, from: '2026-11-22', to: '2026-11-22' }, 'Asia/Shanghai');
  expect(filters.from_ms).toBe(Date.UTC(2026, 10, 21, 16));
  expect(filters.to_ms).toBe(Date.UTC(2026, 10, 22, 16));
  expect(filtersOf({ ...NO_FILTER, from: 'soon' }, 'Asia/Shanghai').from_ms).toBeNull();
});

it('leaves the order to the list when nobody chose one', () => {
  expect(filtersOf(NO_FILTER, 'Asia/Shanghai').order).toBeNull();
  expect(filtersOf({ ...NO_FILTER, order: 'repeats' }, 'Asia/Shanghai').order).toBe('repeats');
  expect([ownOrder(''), ownOrder('drafts'), ownOrder('unit')]).toEqual(['newest', 'newest', 'due']);
});

it('given an order alone, no ticket is left out', () => {
  expect(isFiltered({ ...NO_FILTER, order: 'due', page: 2 })).toBe(false);
  expect(isFiltered({ ...NO_FILTER, late: true })).toBe(true);
});
