/** Forms of moves that were begun and not yet taken by the server: kept on this computer. */
import { z } from 'zod';

import type { Shelf } from '../tickets/draftStore';
import type { FormValues } from './form';

const PREFIX = 'hotline.move.';
const KEEP_MS = 24 * 3_600_000;

const Value = z.union([
  z.string(),
  z.number(),
  z.boolean(),
  z.null(),
  z.array(z.union([z.string(), z.number()])),
]);
const Stored = z.object({ saved_ms: z.number(), values: z.record(z.string(), Value) });

export class KeptForms {
  #account: number | null = null;

  constructor(
    private readonly shelf: () => Shelf,
    private readonly now: () => number,
  ) {}

  /** From now on forms are this account's; those of others and old ones are removed. */
  belongTo(account: number): void {
    this.#account = account;
    for (const key of this.#keys()) {
      const mine = key.startsWith(`${PREFIX}${account}.`);
      if (!mine || this.#read(key) === null) this.shelf().removeItem(key);
    }
  }

  get(ticket: number, move: string): FormValues | null {
    return this.#account === null ? null : this.#read(this.#key(ticket, move));
  }

  /** False when this computer has no room: the form then says so. */
  put(ticket: number, move: string, values: FormValues): boolean {
    if (this.#account === null) return false;
    try {
      const kept = JSON.stringify({ saved_ms: this.now(), values });
      this.shelf().setItem(this.#key(ticket, move), kept);
      return true;
    } catch {
      return false;
    }
  }

  drop(ticket: number, move: string): void {
    if (this.#account !== null) this.shelf().removeItem(this.#key(ticket, move));
  }

  /** The move of this ticket that was written at last; null when none is kept. */
  latest(ticket: number, moves: readonly string[]): string | null {
    let found: { move: string; at: number } | null = null;
    for (const move of moves) {
      const stored = this.#account === null ? null : this.#stored(this.#key(ticket, move));
      if (stored !== null && (found === null || stored.saved_ms > found.at)) {
        found = { move, at: stored.saved_ms };
      }
    }
    return found?.move ?? null;
  }

  dropAll(): void {
    for (const key of this.#keys()) this.shelf().removeItem(key);
    this.#account = null;
  }

  #key(ticket: number, move: string): string {
    return `${PREFIX}${this.#account ?? 0}.${ticket}.${move}`;
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

  #read(key: string): FormValues | null {
    return this.#stored(key)?.values ?? null;
  }

  #stored(key: string): z.infer<typeof Stored> | null {
    const text = this.shelf().getItem(key);
    if (text === null) return null;
    try {
      const stored = Stored.parse(JSON.parse(text));
      return this.now() - stored.saved_ms > KEEP_MS ? null : stored;
    } catch {
      return null;
    }
  }
}

export const keptForms = new KeptForms(
  () => localStorage,
  () => Date.now(),
);
