/** The filter of the seats in the address: a page that is opened again shows the same. Pure. */
import type { LocationQuery, LocationQueryRaw } from 'vue-router';

import type { Filter, Group, Sort } from './seatRows';

const GROUPS: readonly string[] = [
  'attention',
  'call',
  'available',
  'wrap_up',
  'paused',
  'no_answer',
  'offline',
] satisfies Group[];
const SORTS: readonly string[] = ['time', 'name'] satisfies Sort[];

function isGroup(text: string): text is Group {
  return GROUPS.includes(text);
}
function isSort(text: string): text is Sort {
  return SORTS.includes(text);
}

export function filterOf(query: LocationQuery): Filter {
  const word = (name: string): string => {
    const value = query[name];
    return typeof value === 'string' ? value : '';
  };
  const group = word('state');
  const sort = word('sort');
  return {
    group: isGroup(group) ? group : 'all',
    queue: word('queue'),
    name: word('name'),
    sort: isSort(sort) ? sort : 'urgency',
  };
}

/** What differs from the beginning; nothing else burdens the address. */
export function queryOf(filter: Filter): LocationQueryRaw {
  return {
    ...(filter.group === 'all' ? {} : { state: filter.group }),
    ...(filter.queue === '' ? {} : { queue: filter.queue }),
    ...(filter.name === '' ? {} : { name: filter.name }),
    ...(filter.sort === 'urgency' ? {} : { sort: filter.sort }),
  };
}
