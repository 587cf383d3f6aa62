/** The filters of the ticket list as they stand in the address. Pure. */
import type { TicketFilters } from '../api/server';
import { dayStart } from '../lib/time';

export interface ListQuery {
  q: string;
  state: string;
  type: string;
  content_class: string;
  disposition: string;
  mine: boolean;
  incomplete: boolean;
  /** Days, "2026-11-22"; both count. */
  from: string;
  to: string;
  page: number;
}

export const PAGE_SIZE = 20;
export const NO_FILTER: ListQuery = {
  q: '',
  state: '',
  type: '',
  content_class: '',
  disposition: '',
  mine: false,
  incomplete: false,
  from: '',
  to: '',
  page: 1,
};

type Address = Record<string, string | null | undefined | (string | null)[]>;

export function readQuery(address: Address): ListQuery {
  const text = (name: string): string => {
    const value = address[name];
    return typeof value === 'string' ? value : '';
  };
  const page = Number.parseInt(text('page'), 10);
  return {
    q: text('q'),
    state: text('state'),
    type: text('type'),
    content_class: text('content_class'),
    disposition: text('disposition'),
    mine: text('mine') === '1',
    incomplete: text('incomplete') === '1',
    from: text('from'),
    to: text('to'),
    page: Number.isFinite(page) && page > 0 ? page : 1,
  };
}

/** Only what differs from no filter stands in the address. */
export function writeQuery(query: ListQuery): Record<string, string> {
  const address: Record<string, string> = {};
  for (const [name, value] of Object.entries(query)) {
    if (value === NO_FILTER[name as keyof ListQuery]) continue;
    address[name] = value === true ? '1' : String(value);
  }
  return address;
}

const DAY_MS = 86_400_000;

export function filtersOf(query: ListQuery, zone: string): TicketFilters {
  const { from, to, page, ...rest } = query;
  const last = dayStart(to, zone);
  return {
    ...rest,
    q: rest.q.trim().slice(0, 100),
    from_ms: dayStart(from, zone),
    to_ms: last === null ? null : last + DAY_MS,
    page,
    size: PAGE_SIZE,
  };
}
