import { describe, expect, it } from 'vitest';

import { merge, same } from './merge';
import type { Values } from './draftStore';

const server: Values = {
  type: 'consult',
  content_class: null,
  company: '甲公司',
  text: '来电人询问补贴',
  disposition: null,
  region: '',
  credit_code: null,
  complained_unit_id: null,
};

describe('merging typed text with the server', () => {
  it('keeps what was typed where nobody else wrote', () => {
    const merged = merge({ text: '来电人询问补贴' }, { text: '来电人询问补贴办理时间' }, server);
    expect(merged).toEqual({ edits: { text: '来电人询问补贴办理时间' }, clashes: [] });
  });
  it('given the other wrote the same, nothing is left to send', () => {
    const merged = merge({ company: null }, { company: '甲公司' }, server);
    expect(merged).toEqual({ edits: {}, clashes: [] });
  });
  it('given both wrote, shows both and loses neither', () => {
    const merged = merge({ company: '乙公司' }, { company: '丙公司' }, server);
    expect(merged.edits).toEqual({});
    expect(merged.clashes).toEqual([{ field: 'company', mine: '丙公司', theirs: '甲公司' }]);
  });
  it('given an unknown base, asks rather than overwrites', () => {
    expect(merge({}, { company: '丙公司' }, server).clashes).toHaveLength(1);
  });
  it('keeps the clearing of a field', () => {
    expect(merge({ company: '甲公司' }, { company: '' }, server).edits).toEqual({ company: '' });
  });
});

it('takes empty and missing text for the same', () => {
  expect(same('', null)).toBe(true);
  expect(same(undefined, null)).toBe(true);
  expect(same('0', '')).toBe(false);
});
