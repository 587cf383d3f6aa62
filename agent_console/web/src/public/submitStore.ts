/** What is typed outlives a reload of the page, in this tab alone. */
import { restored, type SubmitValues } from './submitForm';

const NAME = 'hotline-submit';

export function newKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

export const store = {
  read: (): SubmitValues => restored(stored(), newKey()),
  keep(values: Partial<SubmitValues>): void {
    try {
      sessionStorage.setItem(NAME, JSON.stringify(values));
    } catch {
      // A browser without storage, or a full one: the page itself still holds what is typed.
    }
  },
  drop(): void {
    try {
      sessionStorage.removeItem(NAME);
    } catch {
      // There was none.
    }
  },
};

function stored(): string | null {
  try {
    return sessionStorage.getItem(NAME);
  } catch {
    return null;
  }
}
