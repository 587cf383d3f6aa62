/** Times as this office writes them. Pure: the zone is handed in. */

/** 65 000 → "01:05"; an hour and more → "1:01:05". Never negative. */
export function clockSpan(spanMs: number): string {
  const total = Math.max(0, Math.floor(spanMs / 1000));
  const seconds = String(total % 60).padStart(2, '0');
  const minutes = String(Math.floor(total / 60) % 60).padStart(2, '0');
  const hours = Math.floor(total / 3600);
  return hours > 0 ? `${hours}:${minutes}:${seconds}` : `${minutes}:${seconds}`;
}

/** 65 000 → "1 分 5 秒", 3 000 → "3 秒", 3 600 000 → "1 小时". */
export function spanWords(spanMs: number): string {
  const total = Math.max(0, Math.floor(spanMs / 1000));
  const hours = Math.floor(total / 3600);
  const minutes = Math.floor(total / 60) % 60;
  const seconds = total % 60;
  if (hours > 0) return minutes > 0 ? `${hours} 小时 ${minutes} 分` : `${hours} 小时`;
  if (minutes > 0) return seconds > 0 ? `${minutes} 分 ${seconds} 秒` : `${minutes} 分`;
  return `${seconds} 秒`;
}

interface Parts {
  year: string;
  month: string;
  day: string;
  hour: string;
  minute: string;
  second: string;
}

const formats = new Map<string, Intl.DateTimeFormat>();

function parts(ms: number, zone: string): Parts {
  let format = formats.get(zone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat('en-GB', {
      timeZone: zone,
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
      second: '2-digit',
      hourCycle: 'h23',
    });
    formats.set(zone, format);
  }
  const found = { year: '', month: '', day: '', hour: '', minute: '', second: '' };
  for (const { type, value } of format.formatToParts(ms)) {
    if (type in found) found[type as keyof Parts] = value;
  }
  return found;
}

/** "2026-11-22 10:32" */
export function dateTime(ms: number, zone: string): string {
  const { year, month, day, hour, minute } = parts(ms, zone);
  return `${year}-${month}-${day} ${hour}:${minute}`;
}

/** "10:32:05" */
export function timeOfDay(ms: number, zone: string): string {
  const { hour, minute, second } = parts(ms, zone);
  return `${hour}:${minute}:${second}`;
}

/** "2026-11-22" */
export function dateOf(ms: number, zone: string): string {
  const { year, month, day } = parts(ms, zone);
  return `${year}-${month}-${day}`;
}

/** Today's times stand alone ("10:32"), others carry their date. */
export function briefTime(ms: number, nowMs: number, zone: string): string {
  const { hour, minute } = parts(ms, zone);
  return dateOf(ms, zone) === dateOf(nowMs, zone) ? `今天 ${hour}:${minute}` : dateTime(ms, zone);
}

/** The first millisecond of a day ("2026-11-22") in the zone; null when it is no date. */
export function dayStart(day: string, zone: string): number | null {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(day)) return null;
  const utc = Date.parse(`${day}T00:00:00Z`);
  if (Number.isNaN(utc)) return null;
  const shown = parts(utc, zone);
  const asUtc = Date.parse(
    `${shown.year}-${shown.month}-${shown.day}T${shown.hour}:${shown.minute}:${shown.second}Z`,
  );
  return utc - (asUtc - utc);
}

/** 1 536 000 → "1.5 MB" */
export function fileSize(bytes: number): string {
  if (bytes < 1_000) return `${bytes} B`;
  if (bytes < 1_000_000) return `${Math.round(bytes / 1_000)} KB`;
  return `${(bytes / 1_000_000).toFixed(1)} MB`;
}
