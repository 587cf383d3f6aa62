/** The desks of the person who is signed in, with how much lies on each. */
import { computed, ref, shallowRef } from 'vue';

import { sentence } from '../api/http';
import type { Change } from '../live/messages';
import { oneAtATime } from '../lib/refresh';
import type { Desk } from '../tickets/schema';
import { ticketServer } from '../tickets/server';

/** Two hundred colleagues save as they type: the counts are read so often at most. */
const PAUSE_MS = 3_000;
/** They are for looking through: no ticket waits there for the person herself. */
const WAIT_FOR_NOBODY: ReadonlySet<string> = new Set(['drafts', 'lists']);

const list = shallowRef<readonly Desk[] | null>(null);
const failed = ref('');
let timer: ReturnType<typeof setTimeout> | undefined;

const read = oneAtATime(async () => {
  try {
    list.value = await ticketServer.desks();
    failed.value = '';
  } catch (error) {
    failed.value = sentence(error);
  }
});

/**
 * The desk a person starts at: the first with something late, else the first with work, else the
 * first; not drafts and lists, where nothing waits for her. Null: she has no other. Pure.
 */
export function firstDesk(desks: readonly Desk[]): string | null {
  const others = desks.filter(({ name }) => !WAIT_FOR_NOBODY.has(name));
  const found = others.find(({ late }) => late > 0) ?? others.find(({ count }) => count > 0);
  return (found ?? others[0])?.name ?? null;
}

export const desks = {
  list: computed(() => list.value),
  failed: computed(() => failed.value),
  read,
  labelOf: (name: string): string => list.value?.find((desk) => desk.name === name)?.label ?? '',

  apply(change: Change): void {
    const counts = change.topic === 'ticket' || change.topic === 'digest';
    if (!counts || list.value === null) return;
    timer ??= setTimeout(() => {
      timer = undefined;
      void read();
    }, PAUSE_MS);
  },

  forget(): void {
    clearTimeout(timer);
    timer = undefined;
    list.value = null;
    failed.value = '';
  },
};
