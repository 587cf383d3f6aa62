import { expect, it } from 'vitest';

import { filtersOf, NO_FILTER, readQuery, writeQuery } from './ticketQuery';

it('keeps only what differs in the address, and reads it back', () => {
  const query = { ...NO_FILTER, q: '补贴', mine: true, page: 3 };
  expect(writeQuery(query)).toEqual({ q: '补贴', mine: '1', page: '3' });
  expect(readQuery(writeQuery(query))).toEqual(query);
});

it('survives an address somebody typed', () => {
  expect(readQuery({ page: '-4', mine: 'yes', q: ['a', 'b'], type: null })).toEqual(NO_FILTER);
});

it('counts both days of the range in the zone of the hotline', () => {
  const filters = filtersOf({ ...NO_FILTER, from: '2026-11-22', to: '2026-11-22' }, 'Asia/Shanghai');
  expect(filters.from_ms).toBe(Date.UTC(2026, 10, 21, 16));
  expect(filters.to_ms).toBe(Date.UTC(2026, 10, 22, 16));
  expect(filtersOf({ ...NO_FILTER, from: 'soon' }, 'Asia/Shanghai').from_ms).toBeNull();
});
