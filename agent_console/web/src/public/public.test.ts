import { describe, expect, it } from 'vitest';

import { wrongCode } from '../lib/creditCode';
import { accepted, filesMistake, rulesWords, type Shown, wrongFile } from './fileRules';
import { plain, statusMistakes, ticketNumber } from './statusForm';
import { blank, isTelephone, kept, restored, submitFields, submitMistakes } from './submitForm';

describe('a credit code', () => {
  it('ends with the check digit of GB 32100', () => {
    // The standard's own example.
    expect(wrongCode('91350100M000100Y43')).toBe('');
    expect(wrongCode(' 91350100m000100y43 ')).toBe('');
  });
  it.each(['91350100M000100Y44', '91350100M000100Y4', '91350100I000100Y43', '913501O0M000100Y43'])(
    'is not %s',
    (code) => expect(wrongCode(code)).not.toBe(''),
  );
});

describe('the question where a ticket stands', () => {
  it('takes what an input method makes of digits', () => {
    expect(plain(' ２０２６ ')).toBe('2026');
    expect(ticketNumber('２０２６１１２２－００００１')).toBe('20261122-00001');
    expect(ticketNumber('2026112200001')).toBe('20261122-00001');
    expect(ticketNumber('20261122—00001')).toBe('20261122-00001');
  });
  it('says at each field what is missing', () => {
    expect(Object.keys(statusMistakes('', ''))).toEqual(['number', 'last4']);
    expect(Object.keys(statusMistakes('12345', '12345'))).toEqual(['number', 'last4']);
    expect(statusMistakes('20261122-00001', '１２３４')).toEqual({});
  });
});

describe('the web form', () => {
  const filled = {
    ...blank('k'), type: 'complaint', text: '窗口多次要求补充材料', name: '张三', number: '138 0000 1234', agreed: true,
  };
  it('lets pass what is complete', () => expect(submitMistakes(filled, 5000)).toEqual({}));
  it('names every field that is wrong, in the order of the form', () => {
    const wrong = submitMistakes({ ...blank('k'), credit_code: 'x' }, 5000);
    expect(Object.keys(wrong)).toEqual(['type', 'credit_code', 'text', 'name', 'number', 'agreed']);
    expect(submitMistakes({ ...filled, text: '长'.repeat(11) }, 10)['text']).toContain('11');
  });
  it.each(['13800001234', '0775-0000123', '+86 138 0000 1234', '(0771)2345678'])('reads %s', (typed) => {
    expect(isTelephone(typed)).toBe(true);
  });
  it.each(['110', '1380000123', 'abc', '23800001234'])('does not take %s for a telephone', (typed) => {
    expect(isTelephone(typed)).toBe(false);
  });
  it('sends numbers as digits and nothing for what was left out', () => {
    expect(submitFields(filled)).toMatchObject({
      number: '13800001234', content_class: null, credit_code: null, website: '', key: 'k',
    });
  });
  it('keeps in the browser neither who reports nor the consent', () => {
    const stored = JSON.stringify(kept(filled));
    expect(stored).not.toContain('张三');
    expect(stored).not.toContain('1234');
    expect(restored(stored, 'new')).toMatchObject({ text: filled.text, key: 'k', name: '', agreed: false });
  });
  it('begins afresh from anything that is not its own', () => {
    for (const odd of [null, 'nonsense', '[]', '{"text":5,"agreed":true}']) {
      expect(restored(odd, 'new')).toEqual(blank('new'));
    }
  });
});

describe('files of the web form', () => {
  const rules = { most: 5, most_mb: 10, kinds: ['jpg', 'jpeg', 'png', 'pdf'] };
  const shown: Shown = { at: 0, name: 'a.jpg', size_bytes: 1, id: 'x', share: 1, wrong: '', again: false };
  it('says what may come before anything is sent', () => {
    expect(rulesWords(rules)).toBe('照片（jpg、png）或 PDF，最多 5 个，每个不超过 10 MB');
    expect(rulesWords({ ...rules, kinds: ['pdf'] })).toBe('PDF，最多 5 个，每个不超过 10 MB');
    expect(accepted(rules)).toBe('.jpg,.jpeg,.png,.pdf');
  });
  it.each(['a.JPG', '照片.jpeg', 'b.c.pdf'])('takes %s', (name) => {
    expect(wrongFile(rules, name, 10_000_000)).toBe('');
  });
  it.each(['a.exe', 'a', 'pdf', 'a.pdf.zip', ''])('does not take %s', (name) => {
    expect(wrongFile(rules, name, 1)).toContain('不是能上传的格式');
  });
  it('names an empty and a large one', () => {
    expect(wrongFile(rules, 'a.png', 0)).toBe('文件是空的');
    expect(wrongFile(rules, 'a.png', 10_000_001)).toContain('10 MB');
  });
  it('holds the form back while one is on its way or was refused', () => {
    expect(filesMistake([])).toBe('');
    expect(filesMistake([shown])).toBe('');
    expect(filesMistake([shown, { ...shown, id: '' }])).toContain('还在上传');
    expect(filesMistake([{ ...shown, id: '' }, { ...shown, id: '', wrong: 'x' }])).toContain('重试或移除');
  });
  it('goes by its ids', () => expect(submitFields(blank('k'), ['x'])).toMatchObject({ files: ['x'] }));
});
