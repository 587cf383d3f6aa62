import { describe, expect, it } from 'vitest';

import { initials, matches } from './pinyin';

describe('initials of pinyin', () => {
  it.each([
    ['政策咨询、服务求助', 'zczxfwqz'],
    ['政务服务质量、效率', 'zwfwzlxl'],
    ['市场准入隐性壁垒、擅自设立收费项目', 'sczryxblszslsfxm'],
    ['惠企政策落实不到位、吃拿卡要', 'hqzclsbdwcnky'],
    ['违规检查、行政处罚、结果未公开', 'wgjcxzcfjgwgk'],
    ['拖欠市场主体账款', 'tqscztzk'],
    ['其他诉求', 'qtsq'],
    ['阿安 12345 App', 'aa12345app'],
  ])('%s', (text, expected) => expect(initials(text)).toBe(expected));
});

describe('finding a content class', () => {
  it('by initials, from the middle as well', () => {
    expect(matches('拖欠市场主体账款', 'tq')).toBe(true);
    expect(matches('拖欠市场主体账款', 'ZK')).toBe(true);
    expect(matches('拖欠市场主体账款', 'xz')).toBe(false);
  });
  it('by words', () => {
    expect(matches('拖欠市场主体账款', '账款')).toBe(true);
    expect(matches('拖欠市场主体账款', '补贴')).toBe(false);
  });
  it('shows all when nothing is typed', () => expect(matches('其他诉求', '  ')).toBe(true));
});
