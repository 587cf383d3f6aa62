import { expect, test } from 'vitest';

import { compared, fromMonths, standing } from './words';

const row = { state: 'draft', over: true, due: true, quarter: false };

test('a period says what it waits for', () => {
  expect(standing(row).word).toBe('待汇总');
  expect(standing({ ...row, quarter: true }).word).toBe('待上报');
  expect(standing({ ...row, over: false, due: false }).word).toBe('进行中');
  expect(standing({ ...row, state: 'to_sign' })).toEqual({ word: '待签发', tone: 'due' });
  expect(standing({ ...row, state: 'kept' })).toEqual({ word: '已存档', tone: 'done' });
  expect(standing({ ...row, state: 'signed', due: false }).word).toBe('已签发');
  expect(standing({ ...row, due: false })).toEqual({ word: '—', tone: 'calm' });
});

test('the period before is compared with in words', () => {
  expect(compared(3, 3)).toBe('与上期持平');
  expect(compared(5, 3)).toBe('比上期多 2 件');
  expect(compared(0, 3)).toBe('比上期少 3 件');
});

test('a quarter begins with what its months said', () => {
  const month = { period: '2026-10', label: '2026年10月', state: 'kept', total: 2, text: ' 延长窗口时间 ' };
  const empty = { ...month, label: '2026年11月', text: '  ' };
  expect(fromMonths([month, empty])).toBe('2026年10月（2 件）\n延长窗口时间');
  expect(fromMonths([empty])).toBe('');
});
