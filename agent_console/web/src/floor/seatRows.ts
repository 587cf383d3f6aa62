/** The table of seats: who stands in it, in which order, and what needs a person. Pure. */
import type { Seat, SeatState } from '../api/schema';
import type { FloorCall } from './schema';

export interface SeatRow {
  seat: Seat;
  call: FloorCall | null;
  /** Why somebody should look here; empty when nobody needs to. */
  attention: string;
  level: 'red' | 'amber' | '';
  rank: number;
}

export type Sort = 'urgency' | 'name' | 'time';
export type Group = 'all' | 'attention' | 'call' | Exclude<SeatState, 'reserved' | 'ringing' | 'talking'>;

export interface Filter {
  group: Group;
  /** Name of a queue; empty for all. */
  queue: string;
  /** Part of a name; empty for all. */
  name: string;
  sort: Sort;
}

export const HELD_LONG_MS = 60_000;
export const TALK_LONG_MS = 15 * 60_000;
export const PAUSE_LONG_MS = 20 * 60_000;

const WITH_CALL = new Set<SeatState>(['reserved', 'ringing', 'talking']);
const NEEDS_PHONE = new Set<SeatState>(['available', 'reserved', 'ringing', 'talking']);
const LOST = new Set(['lost', 'recalling']);

/** After those that need somebody: who works, who could, who is away. */
const ORDER: readonly SeatState[] = [
  'no_answer',
  'ringing',
  'reserved',
  'talking',
  'wrap_up',
  'paused',
  'available',
  'offline',
];
const CALM = 10;

interface Need {
  rank: number;
  word: string;
  level: 'red' | 'amber';
}

/** What about this seat needs a person now; the lower the rank, the sooner. */
export function need(seat: Seat, call: FloorCall | null, nowMs: number): Need | null {
  if (call?.state != null && LOST.has(call.state)) {
    return { rank: 0, word: '座席中断，来电人在等', level: 'red' };
  }
  if (seat.state === 'no_answer') return { rank: 1, word: '来电未应答', level: 'red' };
  if (NEEDS_PHONE.has(seat.state) && !seat.phone_ready) {
    return { rank: 2, word: '电话未就绪', level: 'red' };
  }
  const heldSince = call?.parties.find(
    ({ role, place }) => role === 'caller' && place === 'held',
  )?.since_ms;
  if (heldSince != null && nowMs - heldSince >= HELD_LONG_MS) {
    return { rank: 3, word: '来电人保持过久', level: 'amber' };
  }
  const lastedMs = nowMs - seat.since_ms;
  if (seat.state === 'talking' && lastedMs >= TALK_LONG_MS) {
    return { rank: 4, word: '通话过久', level: 'amber' };
  }
  if (seat.state === 'paused' && lastedMs >= PAUSE_LONG_MS) {
    return { rank: 5, word: '示忙过久', level: 'amber' };
  }
  return null;
}

export function rowOf(seat: Seat, calls: ReadonlyMap<string, FloorCall>, nowMs: number): SeatRow {
  const call = seat.call_id === null ? null : (calls.get(seat.call_id) ?? null);
  const found = need(seat, call, nowMs);
  return {
    seat,
    call,
    attention: found?.word ?? '',
    level: found?.level ?? '',
    rank: found?.rank ?? CALM + ORDER.indexOf(seat.state),
  };
}

function inGroup(row: SeatRow, group: Group): boolean {
  if (group === 'all') return true;
  if (group === 'attention') return row.attention !== '';
  if (group === 'call') return WITH_CALL.has(row.seat.state);
  return row.seat.state === group;
}

function inQueue(row: SeatRow, queue: string): boolean {
  if (queue === '') return true;
  return row.seat.skills.some((skill) => skill.queue === queue) || row.call?.queue === queue;
}

const byName = new Intl.Collator('zh-CN', { numeric: true });

const SORTS: Record<Sort, (a: SeatRow, b: SeatRow) => number> = {
  urgency: (a, b) => a.rank - b.rank || a.seat.since_ms - b.seat.since_ms || a.seat.id - b.seat.id,
  name: (a, b) => byName.compare(a.seat.name, b.seat.name) || a.seat.id - b.seat.id,
  time: (a, b) => a.seat.since_ms - b.seat.since_ms || a.seat.id - b.seat.id,
};

export function select(rows: readonly SeatRow[], filter: Filter): SeatRow[] {
  const name = filter.name.trim();
  return rows
    .filter((row) => inGroup(row, filter.group) && inQueue(row, filter.queue))
    .filter((row) => name === '' || row.seat.name.includes(name))
    .sort(SORTS[filter.sort]);
}

/** How many rows each group has, among those of the queue. */
export function counts(rows: readonly SeatRow[], queue: string): Record<Group, number> {
  const found: Record<Group, number> = {
    all: 0,
    attention: 0,
    call: 0,
    available: 0,
    wrap_up: 0,
    paused: 0,
    no_answer: 0,
    offline: 0,
  };
  for (const row of rows) {
    if (!inQueue(row, queue)) continue;
    found.all += 1;
    if (row.attention !== '') found.attention += 1;
    const { state } = row.seat;
    if (state === 'reserved' || state === 'ringing' || state === 'talking') found.call += 1;
    else found[state] += 1;
  }
  return found;
}

/**
 * The rows in the order in which they stood before, newcomers at the end: nothing moves away from
 * under a hand that is about to press.
 */
export function keepOrder(before: readonly number[], sorted: readonly SeatRow[]): SeatRow[] {
  const place = new Map(before.map((id, index) => [id, index]));
  const at = (row: SeatRow): number => place.get(row.seat.id) ?? before.length;
  return [...sorted].sort((a, b) => at(a) - at(b));
}

/** Callers in the order in which they will be served. */
export function waitingCallers(calls: Iterable<FloorCall>, queue: string): FloorCall[] {
  return [...calls]
    .filter(({ stage }) => stage === 'waiting' || stage === 'ringing')
    .filter((call) => queue === '' || call.queue === queue)
    .sort(
      (a, b) =>
        Number(b.head) - Number(a.head) ||
        (a.queued_ms ?? Infinity) - (b.queued_ms ?? Infinity) ||
        a.call_id.localeCompare(b.call_id),
    );
}
