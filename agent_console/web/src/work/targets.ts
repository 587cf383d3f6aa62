/** Whom one can ring from a call, and how to find them by typing. Pure. */
import type { Expert, Seat } from '../api/schema';
import type { Target } from '../api/server';
import { matches } from '../lib/pinyin';

export type Mode = 'consult' | 'invite' | 'transfer';
export type Light = 'free' | 'busy' | 'off';

export interface Choice {
  key: string;
  group: string;
  target: Target;
  title: string;
  note: string;
  light: Light | null;
  /** Why it can't be chosen now; empty when it can. */
  why: string;
}

export interface People {
  experts: readonly Expert[];
  seats: readonly Seat[];
  queues: readonly { name: string; label: string; waiting: number }[];
  mySeat: number | null;
  seatStates: Readonly<Record<string, string>>;
}

export const MODES: Readonly<Record<Mode, { label: string; effect: string }>> = {
  consult: { label: '咨询', effect: '来电人听等待音，您先与对方单独通话。' },
  invite: { label: '三方', effect: '来电人不离开，对方接通后一起通话。' },
  transfer: { label: '转接', effect: '来电人转给对方，您退出通话。' },
};

export const LIGHTS: Readonly<Record<Light, string>> = {
  free: '空闲',
  busy: '忙碌',
  off: '不在岗',
};

const IN_A_CALL = new Set(['reserved', 'ringing', 'talking']);

/** An expert at a seat is as free as the seat, which the feed knows at once. */
export function lightOf(
  expert: Expert,
  seats: ReadonlyMap<number, Pick<Seat, 'state' | 'phone_ready'>>,
): Light {
  if (!expert.on_duty) return 'off';
  const seat = expert.seat_id === null ? undefined : seats.get(expert.seat_id);
  if (expert.ring !== 'seat' || seat === undefined) return expert.light;
  if (IN_A_CALL.has(seat.state)) return 'busy';
  return seat.phone_ready && seat.state !== 'offline' ? 'free' : 'off';
}

export function expertName(expert: Pick<Expert, 'name' | 'department'>): string {
  return expert.department ? `${expert.name}（${expert.department}）` : expert.name;
}

/** "0775 000-0001" → "07750000001"; null when it is no number. */
export function dialled(typed: string): string | null {
  const bare = typed.replace(/[\s()（）-]/g, '');
  return /^\+?\d{3,20}$/.test(bare) ? bare : null;
}

const ORDER: readonly (Light | null)[] = ['free', null, 'busy', 'off'];

/** What fits the typed words: a number first, then experts, seats and, to transfer, queues. */
export function choicesOf(typed: string, mode: Mode, people: People): Choice[] {
  const number = dialled(typed);
  const found: Choice[] = [];
  if (number !== null) found.push(numberChoice(number));
  found.push(...sorted(people.experts.map((one) => expertChoice(one, people)), typed));
  found.push(...sorted(seatChoices(people), typed));
  if (mode === 'transfer') found.push(...sorted(people.queues.map(queueChoice), typed));
  return found;
}

function sorted(choices: Choice[], typed: string): Choice[] {
  return choices
    .filter((choice) => matches(`${choice.title} ${choice.note}`, typed))
    .sort((a, b) => ORDER.indexOf(a.light) - ORDER.indexOf(b.light));
}

function numberChoice(number: string): Choice {
  return {
    key: 'number',
    group: '号码',
    target: { kind: 'number', value: number },
    title: number,
    note: '直接拨打此号码',
    light: null,
    why: '',
  };
}

function expertChoice(expert: Expert, people: People): Choice {
  const seats = new Map(people.seats.map((seat) => [seat.id, seat]));
  const light = lightOf(expert, seats);
  return {
    key: `expert-${expert.id}`,
    group: '专家',
    target: { kind: 'expert', value: expert.id },
    title: expertName(expert),
    note: [expert.topics, expert.ring === 'seat' ? '网页电话' : (expert.number_masked ?? '')]
      .filter(Boolean)
      .join(' · '),
    light,
    why: light === 'free' ? '' : `专家${LIGHTS[light]}`,
  };
}

/** Colleagues; a seat that an expert answers is found as the expert. */
function seatChoices(people: People): Choice[] {
  const ofExperts = new Set(
    people.experts.filter(({ ring }) => ring === 'seat').map(({ seat_id }) => seat_id),
  );
  return people.seats
    .filter((seat) => seat.id !== people.mySeat && !ofExperts.has(seat.id))
    .filter((seat) => seat.state !== 'offline')
    .map((seat) => {
      const word = people.seatStates[seat.state] ?? seat.state;
      const free = seat.state === 'available';
      return {
        key: `seat-${seat.id}`,
        group: '座席',
        target: { kind: 'seat', value: seat.id } as const,
        title: seat.name,
        note: word,
        light: free ? ('free' as const) : ('busy' as const),
        why: free ? '' : `对方${word}`,
      };
    });
}

function queueChoice(queue: People['queues'][number]): Choice {
  return {
    key: `queue-${queue.name}`,
    group: '队列',
    target: { kind: 'queue', value: queue.name },
    title: queue.label,
    note: queue.waiting > 0 ? `${queue.waiting} 人等待` : '无人等待',
    light: null,
    why: '',
  };
}

/** The next choice that can be chosen, `step` on from `from`; -1 when there is none. */
export function nextChoice(choices: readonly Choice[], from: number, step: 1 | -1): number {
  for (let moved = 1; moved <= choices.length; moved += 1) {
    const index = (from + step * moved + choices.length * 2) % choices.length;
    if (choices[index]?.why === '') return index;
  }
  return -1;
}
