/** The filters of a list of tickets, all of them or a desk's, as they stand in the address. Pure. */
import type { TicketFilters } from '../api/server';
import { dayStart } from '../lib/time';

export interface ListQuery {
  q: string;
  state: string;
  type: string;
  content_class: string;
  difficulty: string;
  disposition: string;
  mine: boolean;
  incomplete: boolean;
  late: boolean;
  /** Days, "2026-11-22"; both count. */
  from: string;
  to: string;
  /** One of ORDERS; empty: the list's own. */
  order: string;
  page: number;
}

export const PAGE_SIZE = 20;
export const NO_FILTER: ListQuery = {
  q: '',
  state: '',
  type: '',
  content_class: '',
  difficulty: '',
  disposition: '',
  mine: false,
  incomplete: false,
  late: false,
  from: '',
  to: '',
  order: '',
  page: 1,
};

export const ORDERS = [
  { code: 'due', label: '先到期的在前' },
  { code: 'newest', label: '新建的在前' },
  { code: 'repeats', label: '重复多的在前' },
] as const;

/** How a list is ordered when nobody chose: desks by what ends first, but drafts have no term. */
export function ownOrder(desk: string): string {
  return desk === '' || desk === 'drafts' ? 'newest' : 'due';
}

type Address = Record<string, string | null | undefined | (string | null)[]>;

/** What an address says; what it says wrongly, or not at all, is no filter. */
export function readQuery(address: Address): ListQuery {
  const read = Object.entries(NO_FILTER).map(([name, none]: [string, string | number | boolean]) => {
    const said = address[name];
    const text = typeof said === 'string' ? said : '';
    if (typeof none === 'boolean') return [name, text === '1'];
    if (typeof none === 'string') return [name, text];
    const number = Number.parseInt(text, 10);
    return [name, Number.isFinite(number) && number > 0 ? number : none];
  });
  const query = Object.fromEntries(read) as ListQuery;
  return ORDERS.some(({ code }) => code === query.order) ? query : { ...query, order: '' };
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

/** Whether tickets are left out: the order and the page leave none out. */
export function isFiltered(query: ListQuery): boolean {
  return Object.keys(writeQuery({ ...query, order: '', page: 1 })).length > 0;
}

const DAY_MS = 86_400_000;

export function filtersOf(query: ListQuery, zone: string): TicketFilters {
  const { from, to, page, order, ...rest } = query;
  const last = dayStart(to, zone);
  return {
    ...rest,
    q: rest.q.trim().slice(0, 100),
    from_ms: dayStart(from, zone),
    to_ms: last === null ? null : last + DAY_MS,
    order: order === '' ? null : order,
    page,
    size: PAGE_SIZE,
  };
}
