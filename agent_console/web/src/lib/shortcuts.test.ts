import { describe, expect, it } from 'vitest';

import { actionOf, type KeyPress, type Where } from './shortcuts';

function press(key: string, more: Partial<KeyPress> = {}): KeyPress {
  return {
    key,
    code: '',
    altKey: false,
    ctrlKey: false,
    metaKey: false,
    shiftKey: false,
    isComposing: false,
    keyCode: 0,
    ...more,
  };
}
const idle: Where = { typing: false, dialog: false, ringing: false };
const ringing: Where = { ...idle, ringing: true };

describe('answering', () => {
  it('Enter answers only while it rings', () => {
    expect(actionOf(press('Enter'), ringing)).toBe('answer');
    expect(actionOf(press('Enter'), idle)).toBeNull();
  });
  it('given somebody types or a dialog is open, Enter stays theirs and F2 answers', () => {
    expect(actionOf(press('Enter'), { ...ringing, typing: true })).toBeNull();
    expect(actionOf(press('Enter'), { ...ringing, dialog: true })).toBeNull();
    expect(actionOf(press('F2'), { ...ringing, typing: true, dialog: true })).toBe('answer');
  });
  it('given an input method is composing, no key is ours', () => {
    expect(actionOf(press('Enter', { isComposing: true }), ringing)).toBeNull();
    expect(actionOf(press('F2', { keyCode: 229 }), ringing)).toBeNull();
    expect(actionOf(press('x', { code: 'KeyX', altKey: true, isComposing: true }), idle)).toBeNull();
  });
});

describe('in a call', () => {
  it('goes by the place of the key, whatever character Alt makes of it', () => {
    expect(actionOf(press('µ', { code: 'KeyM', altKey: true }), idle)).toBe('mute');
    expect(actionOf(press('h', { code: 'KeyH', altKey: true }), idle)).toBe('hold');
    expect(actionOf(press('x', { code: 'KeyX', altKey: true }), idle)).toBe('hang-up');
    expect(actionOf(press('F4'), idle)).toBe('hold');
  });
  it('leaves AltGr, the window’s Alt+F4 and Meta alone', () => {
    expect(actionOf(press('x', { code: 'KeyX', altKey: true, ctrlKey: true }), idle)).toBeNull();
    expect(actionOf(press('F4', { altKey: true }), idle)).toBeNull();
    expect(actionOf(press('x', { code: 'KeyX', altKey: true, metaKey: true }), idle)).toBeNull();
  });
});

it('shows the help for both question marks, never while typing', () => {
  expect(actionOf(press('?', { shiftKey: true }), idle)).toBe('help');
  expect(actionOf(press('？', { shiftKey: true }), idle)).toBe('help');
  expect(actionOf(press('?', { shiftKey: true }), { ...idle, typing: true })).toBeNull();
});
