import { describe, expect, it } from 'vitest';

import { Expert, Seat } from '../api/schema';
import { choicesOf, dialled, lightOf, nextChoice, type People } from './targets';

const expert = (id: number, name: string, department: string, more: object = {}): Expert =>
  Expert.parse({ id, name, department, topics: [], on_duty: true, light: 'free', ring: 'number', ...more });
const seat = (id: number, name: string, state: string): Seat =>
  Seat.parse({ id, account_id: id, name, state, since_ms: 0, phone_ready: true, skills: [] });

const people: People = {
  experts: [
    expert(1, '张三', '市场监管局', { light: 'busy' }),
    expert(2, '李四', '税务局', { topics: ['发票', '增值税'] }),
    expert(3, '赵六', '人社局', { ring: 'seat', seat_id: 9 }),
  ],
  seats: [seat(7, '王小丽', 'talking'), seat(8, '陈美华', 'available'), seat(9, '赵六', 'available')],
  queues: [{ name: 'business', label: '优化营商环境专线', waiting: 2 }],
  mySeat: 7,
  seatStates: { available: '示闲', talking: '通话中' },
};
const found = (typed: string, mode: 'consult' | 'transfer' = 'consult'): string[] =>
  choicesOf(typed, mode, people).map(({ key }) => key);

describe('finding whom to ring', () => {
  it('given nothing typed, shows the free ones first; queues only to transfer', () => {
    expect(found('')).toEqual(['expert-2', 'expert-3', 'expert-1', 'seat-8']);
    expect(found('', 'transfer')).toContain('queue-business');
  });
  it('finds by name, by department, by initials and by topic', () => {
    expect(found('张')).toEqual(['expert-1']);
    expect(found('scjg')).toEqual(['expert-1']);
    expect(found('swj')).toEqual(['expert-2']);
    expect(found('发票')).toEqual(['expert-2']);
  });
  it('given digits, offers the number, however it is written', () => {
    expect(found('0775 000-0001')[0]).toBe('number');
    expect(dialled('0775 000-0001')).toBe('07750000001');
    expect(dialled('12')).toBeNull();
    expect(dialled('王12')).toBeNull();
  });
  it('says why somebody can not be rung, and never offers my own seat', () => {
    const busy = choicesOf('张三', 'consult', people)[0];
    expect(busy?.why).toBe('专家忙碌');
    expect(found('王小丽')).toEqual([]);
  });
});

describe('the light of an expert', () => {
  it('at a seat is the seat’s, and off duty is off', () => {
    const seats = new Map([[9, { state: 'talking' as const, phone_ready: true }]]);
    const atSeat = expert(3, '赵六', '人社局', { ring: 'seat', seat_id: 9 });
    expect(lightOf(atSeat, seats)).toBe('busy');
    expect(lightOf({ ...atSeat, on_duty: false }, seats)).toBe('off');
    expect(lightOf({ ...atSeat, ring: 'number' }, seats)).toBe('free');
    const gone = new Map([[9, { state: 'available' as const, phone_ready: false }]]);
    expect(lightOf(atSeat, gone)).toBe('off');
  });
});

describe('moving by keyboard', () => {
  it('passes over who can not be chosen, and goes round', () => {
    const choices = choicesOf('', 'consult', people);
    expect(nextChoice(choices, 1, 1)).toBe(3);
    expect(nextChoice(choices, 3, 1)).toBe(0);
    expect(nextChoice(choices, 0, -1)).toBe(3);
    expect(nextChoice([], -1, 1)).toBe(-1);
  });
});
