/** What was typed and not yet kept by the server, on this computer, by account and ticket. */
import { z } from 'zod';

const PREFIX = 'hotline.draft.';
const KEEP_MS = 24 * 3_600_000;

export const FIELDS = [
  'type',
  'content_class',
  'company',
  'text',
  'disposition',
  'region',
  'credit_code',
  'complained_unit_id',
] as const;
export type Field = (typeof FIELDS)[number];
export type Values = Record<Field, string | null>;

const Stored = z.object({
  saved_ms: z.number(),
  base: z.partialRecord(z.enum(FIELDS), z.string().nullable()),
  edits: z.partialRecord(z.enum(FIELDS), z.string().nullable()),
});
export type Draft = z.infer<typeof Stored>;

/** The part of `Storage` that is needed, so that a test can hand in a map. */
export interface Shelf {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
  removeItem(key: string): void;
  key(index: number): string | null;
  readonly length: number;
}

export class DraftStore {
  #account: number | null = null;

  constructor(
    private readonly shelf: () => Shelf,
    private readonly now: () => number,
  ) {}

  /** From now on drafts are this account's; drafts of others and old ones are removed. */
  belongTo(account: number): void {
    this.#account = account;
    const mine = `${PREFIX}${account}.`;
    for (const key of this.#keys()) {
      const draft = this.#read(key);
      const stale = draft === null || this.now() - draft.saved_ms > KEEP_MS;
      if (!key.startsWith(mine) || stale) this.shelf().removeItem(key);
    }
  }

  get(ticket: number): Draft | null {
    return this.#account === null ? null : this.#read(this.#key(ticket));
  }

  /** False when this computer has no room: the page then says so. */
  put(ticket: number, base: Partial<Values>, edits: Partial<Values>): boolean {
    if (this.#account === null) return false;
    const draft: Draft = { saved_ms: this.now(), base, edits };
    try {
      this.shelf().setItem(this.#key(ticket), JSON.stringify(draft));
      return true;
    } catch {
      return false;
    }
  }

  drop(ticket: number): void {
    if (this.#account !== null) this.shelf().removeItem(this.#key(ticket));
  }

  dropAll(): void {
    for (const key of this.#keys()) this.shelf().removeItem(key);
    this.#account = null;
  }

  #key(ticket: number): string {
    return `${PREFIX}${this.#account ?? 0}.${ticket}`;
  }

  #keys(): string[] {
    const shelf = this.shelf();
    const keys: string[] = [];
    for (let index = 0; index < shelf.length; index += 1) {
      const key = shelf.key(index);
      if (key?.startsWith(PREFIX) === true) keys.push(key);
    }
    return keys;
  }

  #read(key: string): Draft | null {
    const text = this.shelf().getItem(key);
    if (text === null) return null;
    try {
      return Stored.parse(JSON.parse(text));
    } catch {
      return null;
    }
  }
}

export const drafts = new DraftStore(
  () => localStorage,
  () => Date.now(),
);
