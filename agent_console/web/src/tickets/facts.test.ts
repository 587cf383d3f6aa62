import { expect, it } from 'vitest';

import { cleanCode, wrongCode } from '../lib/creditCode';
import { dueWords, spanOf, urgencyOf } from './due';
import { markLabels, termLines } from './facts';
import { partsOf } from './papers';
import { Left, Term } from './schema';

const left = (days: number, hours: number, minutes: number, late = false) =>
  Left.parse({ days, hours, minutes, late });

it('says a deadline as a countdown in working time, its urgency as a word', () => {
  const due = (value: ReturnType<typeof left>) => ({ due_ms: 1, left: value });
  expect(dueWords(due(left(1, 3, 20)))).toBe('剩余 1 个工作日 3 小时');
  expect(dueWords(due(left(0, 3, 20)))).toBe('临近 剩余 3 小时 20 分钟');
  expect(dueWords(due(left(0, 2, 0, true)))).toBe('已超期 2 小时');
  expect(dueWords({ due_ms: null, left: null })).toBe('');
  expect(urgencyOf(due(left(2, 0, 0)))).toBe('fine');
  expect(spanOf(left(0, 0, 0))).toBe('不足 1 分钟');
});

it('tells open terms from those that were met, missed or never judged', () => {
  const term = (more: object) =>
    Term.parse({ kind: 'done', round: 1, due_ms: 10, first_due_ms: 10, ...more });
  const lines = termLines([
    term({ ended_ms: 5, met: true }),
    term({ ended_ms: 20, met: false, late: { days: 1, hours: 0, minutes: 0, late: true } }),
    term({ ended_ms: 6 }),
    term({ due_ms: 12 }),
  ]);
  expect(lines.map(({ state, word }) => [state, word])).toEqual([
    ['open', '进行中'],
    ['void', '未计'],
    ['late', '超期 1 个工作日'],
    ['met', '按期'],
  ]);
  expect(lines[0]?.movedFromMs).toBe(10);
});

it('marks what makes a ticket unlike others, the lists it still stands on first', () => {
  const marks = markLabels(
    {
      special: true, ruled: false, rectified: false, returned: 1, extended: 0, repeats: 2,
      lists: [{ list: 'poor', closed_ms: null }, { list: 'rectification', closed_ms: 5 }],
    },
    { poor: '差评清单' },
  );
  expect(marks.map(({ text }) => text)).toEqual(['差评清单', '疑难复杂', '退回 1 次', '重复反映 3 次']);
});

it('reads a paper part by part', () => {
  const words = { causes: { delay: '拖延不办' }, unit: (id: number) => (id === 5 ? '市场监管局' : null) };
  const body = { within_duty: true, causes: ['delay', 'x'], evidence: '两次未办', unit_id: 5, empty: '' };
  expect(partsOf(body, words)).toEqual([
    { label: '属承办单位职责范围', text: '是' },
    { label: '认定情形', text: '拖延不办、x' },
    { label: '认定依据', text: '两次未办' },
    { label: '裁定承办单位', text: '市场监管局' },
  ]);
});

it('checks a credit code by its last character', () => {
  expect(wrongCode('91350100M000100Y43')).toBe('');
  expect(wrongCode('９１350100m000100y 43')).toBe('');
  expect(cleanCode(' 91350100m000100y-43')).toBe('91350100M000100Y43');
  expect(wrongCode('91350100M000100Y44')).toBe('校验位不符，请核对是否输错');
  expect(wrongCode('91350100M000100Y4')).toBe('应为 18 位，现为 17 位');
  expect(wrongCode('91350100I000100Y43')).toBe('信用代码中不会有“I”，请核对');
  expect(wrongCode('')).toBe('');
});
