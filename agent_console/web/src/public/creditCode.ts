/** The check digit of a unified social credit code (GB 32100-2015). Pure. */

const DIGITS = '0123456789ABCDEFGHJKLMNPQRTUWXY';
const LENGTH = 18;
const MODULUS = 31;

/** True for 18 places of which the last one is the check digit of the others: weights 3^i mod 31. */
export function isCreditCode(text: string): boolean {
  const code = text.trim().toUpperCase();
  if (code.length !== LENGTH) return false;
  let sum = 0;
  let weight = 1;
  for (const place of code.slice(0, -1)) {
    const digit = DIGITS.indexOf(place);
    if (digit < 0) return false;
    sum += digit * weight;
    weight = (weight * 3) % MODULUS;
  }
  return code.at(-1) === DIGITS[(MODULUS - (sum % MODULUS)) % MODULUS];
}
