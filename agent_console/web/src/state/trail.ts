/** The list a person came from: where 返回 leads, and which ticket is the next of it. */
import { computed, shallowRef } from 'vue';

export interface Trail {
  path: string;
  label: string;
  ids: readonly number[];
}

/** The ticket that was opened last from a list: whoever comes back goes on there. */
const opened = shallowRef<number | null>(null);
const EVERYTHING: Trail = { path: '/tickets', label: '全部工单', ids: [] };
const current = shallowRef<Trail>(EVERYTHING);

/** The one after `id` in the list, the first when it has left the list; null at its end. Pure. */
export function nextOf(ids: readonly number[], id: number): number | null {
  const at = ids.indexOf(id);
  return ids[at + 1] ?? null;
}

export const trail = {
  current: computed(() => current.value),
  opened: computed(() => opened.value),
  open(id: number): void {
    opened.value = id;
  },
  leave(list: Trail): void {
    current.value = list;
  },
  forget(): void {
    current.value = EVERYTHING;
    opened.value = null;
  },
};
