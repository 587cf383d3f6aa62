/** Finding Chinese words by typing them or the initials of their pinyin. */

/** The first character of each initial in the order of pinyin; i, u and v begin no syllable. */
const FIRSTS = '阿八嚓哒妸发旮哈讥咔垃妈拏噢妑七呥仨他屲夕丫帀';
const INITIALS = 'abcdefghjklmnopqrstwxyz';
const order = new Intl.Collator('zh-u-co-pinyin');

/** "拖欠账款" → "tqzk"; letters and digits stand for themselves, other marks are left out. */
export function initials(text: string): string {
  return Array.from(text, initial).join('');
}

function initial(character: string): string {
  if (/[a-z0-9]/i.test(character)) return character.toLowerCase();
  if (!/\p{Script=Han}/u.test(character)) return '';
  for (let index = FIRSTS.length - 1; index >= 0; index -= 1) {
    if (order.compare(character, FIRSTS.charAt(index)) >= 0) return INITIALS.charAt(index);
  }
  return '';
}

/** True when `typed` is part of the text or of its initials; nothing typed matches all. */
export function matches(text: string, typed: string): boolean {
  const wanted = typed.trim().toLowerCase();
  if (wanted === '' || text.toLowerCase().includes(wanted)) return true;
  return /^[a-z0-9]+$/.test(wanted) && initials(text).includes(wanted);
}
