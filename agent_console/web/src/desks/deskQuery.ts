/** The filters of a desk as they stand in the address. Pure. */
export interface DeskQuery {
  q: string;
  type: string;
  content_class: string;
  late: boolean;
  page: number;
}

export const NO_FILTER: DeskQuery = { q: '', type: '', content_class: '', late: false, page: 1 };
export const PAGE_SIZE = 20;

type Address = Record<string, string | null | undefined | (string | null)[]>;

export function readDeskQuery(address: Address): DeskQuery {
  const text = (name: string): string => {
    const value = address[name];
    return typeof value === 'string' ? value : '';
  };
  const page = Number.parseInt(text('page'), 10);
  return {
    q: text('q'),
    type: text('type'),
    content_class: text('content_class'),
    late: text('late') === '1',
    page: Number.isFinite(page) && page > 0 ? page : 1,
  };
}

/** Only what differs from no filter stands in the address. */
export function writeDeskQuery(query: DeskQuery): Record<string, string> {
  const address: Record<string, string> = {};
  for (const [name, value] of Object.entries(query)) {
    if (value === NO_FILTER[name as keyof DeskQuery]) continue;
    address[name] = value === true ? '1' : String(value);
  }
  return address;
}
