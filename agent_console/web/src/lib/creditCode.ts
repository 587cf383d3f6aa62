/** 统一社会信用代码 by GB 32100-2015: said at once when it was mistyped. Pure. */
const CHARACTERS = '0123456789ABCDEFGHJKLMNPQRTUWXY';
const LENGTH = 18;

/** As it is kept: half-width capitals without blanks and hyphens. */
export function cleanCode(written: string): string {
  return written.normalize('NFKC').toUpperCase().replace(/[\s‐–—-]/g, '');
}

/** What is wrong with a code as it was typed; empty when it is right, or nothing was typed. */
export function wrongCode(written: string): string {
  const code = cleanCode(written);
  if (code === '') return '';
  const foreign = Array.from(code).find((one) => !CHARACTERS.includes(one));
  if (foreign !== undefined) return `信用代码中不会有“${foreign}”，请核对`;
  if (code.length !== LENGTH) return `应为 ${LENGTH} 位，现为 ${code.length} 位`;
  if (checkCharacter(code.slice(0, -1)) !== code.slice(-1)) return '校验位不符，请核对是否输错';
  return '';
}

function checkCharacter(first: string): string {
  let sum = 0;
  let weight = 1;
  for (const one of first) {
    sum += CHARACTERS.indexOf(one) * weight;
    weight = (weight * 3) % CHARACTERS.length;
  }
  return CHARACTERS.charAt((CHARACTERS.length - (sum % CHARACTERS.length)) % CHARACTERS.length);
}
