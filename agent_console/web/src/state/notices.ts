/** What the supervisor told me: the newest twenty, and which of them I have read. */
import { computed, shallowRef } from 'vue';

import { sentence } from '../api/http';
import type { Notice } from '../api/schema';
import { server } from '../api/server';
import { oneAtATime } from '../lib/refresh';
import type { Change } from '../live/messages';

const KEPT = 20;

const list = shallowRef<readonly Notice[]>([]);
const failed = shallowRef('');

/** Newest first, each once; one that I have read stays read. Pure. */
export function withNotice(before: readonly Notice[], came: Notice): Notice[] {
  const known = before.find(({ id }) => id === came.id);
  const kept = { ...came, read_ms: came.read_ms ?? known?.read_ms ?? null };
  return [kept, ...before.filter(({ id }) => id !== came.id)]
    .sort((a, b) => b.at_ms - a.at_ms || b.id - a.id)
    .slice(0, KEPT);
}

/** What came or was read while the list is on its way: its answer may be older than that. */
let meanwhile: Notice[] = [];

function take(notice: Notice): void {
  meanwhile.push(notice);
  list.value = withNotice(list.value, notice);
}

const read = oneAtATime(async () => {
  meanwhile = [];
  try {
    const answer: readonly Notice[] = await server.notices();
    list.value = meanwhile.reduce(withNotice, answer);
    failed.value = '';
  } catch (error) {
    failed.value = sentence(error);
  }
});

export const notices = {
  list: computed(() => list.value),
  unread: computed(() => list.value.filter(({ read_ms }) => read_ms === null)),
  failed: computed(() => failed.value),
  load: read,

  /** A change of the feed: mine when it is to everybody or to my seat. */
  apply(change: Change, mySeat: number | null): void {
    if (change.topic !== 'message') return;
    const { to_seat_id } = change.data;
    if (to_seat_id === null || to_seat_id === mySeat) take(change.data);
  },

  async markRead(notice: Notice, nowMs: number): Promise<void> {
    take({ ...notice, read_ms: nowMs });
    try {
      await server.readNotice(notice.id);
    } catch {
      await read(); // It counts as unread again where the server did not learn of it.
    }
  },

  forget(): void {
    meanwhile = [];
    list.value = [];
    failed.value = '';
  },
};
