import { describe, expect, it, vi } from 'vitest';

import { isSend, mayLeave, tabbed } from './dialogs';

describe('leaving a dialog', () => {
  it('asks nothing when nothing is typed', async () => {
    const ask = vi.fn(() => Promise.resolve(false));
    expect(await mayLeave({ busy: false, typed: false }, ask)).toBe(true);
    expect(ask).not.toHaveBeenCalled();
  });

  it.each([true, false])('with something typed is as the person answers (%s)', async (answer) => {
    const ask = vi.fn(() => Promise.resolve(answer));
    expect(await mayLeave({ busy: false, typed: true }, ask)).toBe(answer);
    expect(ask).toHaveBeenCalledOnce();
  });

  it.each([true, false])('waits for what is under way (typed: %s)', async (typed) => {
    const ask = vi.fn(() => Promise.resolve(true));
    expect(await mayLeave({ busy: true, typed }, ask)).toBe(false);
    expect(ask).not.toHaveBeenCalled();
  });
});

describe('Ctrl+Enter', () => {
  const press = { key: 'Enter', ctrlKey: true, altKey: false, repeat: false, isComposing: false };
  it('sends', () => expect(isSend(press)).toBe(true));
  it.each([
    { key: 'a' },
    { ctrlKey: false },
    { altKey: true },
    { repeat: true },
    { isComposing: true },
  ])('and nothing else: %o', (other) => expect(isSend({ ...press, ...other })).toBe(false));
});

describe('Tab', () => {
  it.each([
    [2, 3, false, 0],
    [0, 3, true, 2],
    [-1, 3, true, 2],
    [0, 3, false, null],
    [1, 3, false, null],
    [1, 3, true, null],
    [0, 1, false, 0],
    [0, 0, false, null],
  ])('from %i of %i (back: %s) goes to %s', (at, count, back, to) =>
    expect(tabbed(at, count, back)).toBe(to));
});
