import { beforeEach, describe, expect, it } from 'vitest';

import { MoveField } from '../tickets/schema';
import { asked, isWorthKeeping, restored, startValues, toSend } from './form';
import { KeptForms } from './keptForms';

const field = (name: string, kind: string, more: object = {}) =>
  MoveField.parse({ name, label: name, kind, required: true, most: 200, ...more });

const DISPATCH = [
  field('unit_id', 'unit', { choices: [{ value: 5, label: '市场监管局' }], suggested: 5 }),
  field('assisting', 'units', { choices: [{ value: 6, label: '税务局' }] }),
  field('difficulty', 'choice', { choices: [{ value: 'simple', label: '简单' }] }),
  field('note', 'long_text', { required: false }),
];

describe('the form of a move', () => {
  it('begins with what the server suggests', () => {
    expect(startValues(DISPATCH)).toEqual({ unit_id: 5, assisting: [], difficulty: null, note: '' });
  });

  it('sends nothing for what was left empty, and trims words', () => {
    const values = { unit_id: 5, assisting: [], difficulty: null, note: '  尽快 ' };
    expect(toSend(DISPATCH, values)).toEqual({ unit_id: 5, note: '尽快' });
    expect(toSend(DISPATCH, { note: '   ' })).toEqual({});
  });

  it('sends a number as a number, and what is none as it was typed', () => {
    const days = [field('days', 'number', { most: 60 })];
    expect(toSend(days, { days: ' 5 ' })).toEqual({ days: 5 });
    expect(toSend(days, { days: '三' })).toEqual({ days: '三' });
  });

  it('sends a no as well as a yes', () => {
    expect(toSend([field('reached', 'flag')], { reached: false })).toEqual({ reached: false });
  });

  it('asks nobody who was not reached how content he is', () => {
    const fields = [field('reached', 'flag'), field('stars', 'stars', { required: false })];
    expect(asked(fields, { reached: false, stars: 2 }).map(({ name }) => name)).toEqual(['reached']);
    expect(asked(fields, { reached: null })).toHaveLength(2);
  });

  it('keeps only what somebody wrote', () => {
    expect(isWorthKeeping(DISPATCH, startValues(DISPATCH))).toBe(false);
    expect(isWorthKeeping(DISPATCH, { ...startValues(DISPATCH), note: '尽' })).toBe(true);
    expect(isWorthKeeping(DISPATCH, { ...startValues(DISPATCH), unit_id: null })).toBe(true);
  });

  it('takes back what was kept, but no choice that is offered no more', () => {
    const kept = { unit_id: 9, assisting: [6, 9], difficulty: 'simple', note: '尽快', gone: 'x' };
    expect(restored(DISPATCH, kept)).toEqual({
      unit_id: 5, assisting: [6], difficulty: 'simple', note: '尽快',
    });
  });
});

describe('forms on this computer', () => {
  const shelf = new Map<string, string>();
  let now = 1_000;
  const kept = new KeptForms(
    () => ({
      getItem: (key) => shelf.get(key) ?? null,
      setItem: (key, value) => void shelf.set(key, value),
      removeItem: (key) => void shelf.delete(key),
      key: (index) => [...shelf.keys()][index] ?? null,
      get length() {
        return shelf.size;
      },
    }),
    () => now,
  );
  beforeEach(() => {
    shelf.clear();
    now = 1_000;
    kept.belongTo(1);
  });

  it('gives back what was written for this ticket and this move', () => {
    kept.put(7, 'reply', { reply_public: '已办' });
    expect(kept.get(7, 'reply')).toEqual({ reply_public: '已办' });
    expect(kept.get(7, 'contact')).toBeNull();
    expect(kept.get(8, 'reply')).toBeNull();
  });

  it('knows which form of a ticket was written last', () => {
    kept.put(7, 'reply', { reply_public: '已办' });
    now += 1;
    kept.put(7, 'contact', { text: '已联系' });
    expect(kept.latest(7, ['reply', 'contact', 'note'])).toBe('contact');
    expect(kept.latest(7, ['note'])).toBeNull();
  });

  it('shows nothing to the next person, nor after a day, and nothing of a broken store', () => {
    kept.put(7, 'reply', { reply_public: '已办' });
    kept.belongTo(2);
    expect(shelf.size).toBe(0);
    kept.put(7, 'reply', { reply_public: '已办' });
    now += 24 * 3_600_000 + 1;
    expect(kept.get(7, 'reply')).toBeNull();
    shelf.set('hotline.move.2.7.reply', '{"half');
    expect(kept.get(7, 'reply')).toBeNull();
    shelf.set('hotline.draft.2.7', '{}');
    kept.belongTo(2);
    expect([...shelf.keys()]).toEqual(['hotline.draft.2.7']);
  });
});
