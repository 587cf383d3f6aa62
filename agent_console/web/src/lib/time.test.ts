import { describe, expect, it } from 'vitest';

import { briefTime, clockSpan, dateTime, dayStart, fileSize, spanWords, timeOfDay } from './time';

const ZONE = 'Asia/Shanghai';
const MORNING = Date.UTC(2026, 10, 22, 2, 32, 5); // 10:32:05 in Shanghai

describe('spans', () => {
  it('writes minutes and seconds, hours only when there are some', () => {
    expect(clockSpan(65_999)).toBe('01:05');
    expect(clockSpan(3_665_000)).toBe('1:01:05');
    expect(clockSpan(-5)).toBe('00:00');
  });
  it('says spans in words', () => {
    expect(spanWords(3_000)).toBe('3 秒');
    expect(spanWords(65_000)).toBe('1 分 5 秒');
    expect(spanWords(120_000)).toBe('2 分');
    expect(spanWords(3_600_000)).toBe('1 小时');
    expect(spanWords(5_400_000)).toBe('1 小时 30 分');
  });
});

describe('times in the zone of the hotline', () => {
  it('writes date and time as the office does', () => {
    expect(dateTime(MORNING, ZONE)).toBe('2026-11-22 10:32');
    expect(timeOfDay(MORNING, ZONE)).toBe('10:32:05');
  });
  it('writes midnight as 00, not 24', () => {
    expect(dateTime(Date.UTC(2026, 10, 21, 16, 0), ZONE)).toBe('2026-11-22 00:00');
  });
  it('leaves the date out only on the same day of the zone', () => {
    expect(briefTime(MORNING, MORNING + 3_600_000, ZONE)).toBe('今天 10:32');
    const nextDay = Date.UTC(2026, 10, 22, 16, 1);
    expect(briefTime(MORNING, nextDay, ZONE)).toBe('2026-11-22 10:32');
  });
  it('finds the start of a day and refuses what is no date', () => {
    expect(dayStart('2026-11-22', ZONE)).toBe(Date.UTC(2026, 10, 21, 16));
    expect(dayStart('2026-11-22', 'America/New_York')).toBe(Date.UTC(2026, 10, 22, 5));
    expect(dayStart('22.11.2026', ZONE)).toBeNull();
    expect(dayStart('2026-13-01', ZONE)).toBeNull();
  });
});

it('writes sizes of files', () => {
  expect(fileSize(900)).toBe('900 B');
  expect(fileSize(45_600)).toBe('46 KB');
  expect(fileSize(1_536_000)).toBe('1.5 MB');
});
