/** A tree as rows that open and close, searched by words or by the initials of their pinyin. */
import { computed, ref, shallowRef, type ComputedRef, type Ref } from 'vue';

import { matches } from '../lib/pinyin';
import { moveByKey } from '../lib/rowKeys';
import { treeRows, type TreeOf, type TreeRow } from './tree';

export interface Tree<T, K> {
  typed: Ref<string>;
  rows: ComputedRef<TreeRow<T>[]>;
  toggle: (key: K) => void;
  /** Arrow keys: up and down between the rows, right opens and left closes. */
  pressed: (event: KeyboardEvent, row: TreeRow<T>) => void;
}

export function useTree<T, K>(
  items: () => readonly T[],
  of: TreeOf<T, K>,
  words: (item: T) => string,
): Tree<T, K> {
  const typed = ref('');
  const closed = shallowRef<ReadonlySet<K>>(new Set());
  const rows = computed(() =>
    treeRows(
      items(),
      of,
      closed.value,
      typed.value.trim() === '' ? null : (item) => matches(words(item), typed.value),
    ),
  );
  function toggle(key: K): void {
    const next = new Set(closed.value);
    if (!next.delete(key)) next.add(key);
    closed.value = next;
  }
  function pressed(event: KeyboardEvent, row: TreeRow<T>): void {
    const turns = event.key === 'ArrowRight' ? !row.open : event.key === 'ArrowLeft' && row.open;
    if (turns && row.below > 0) {
      event.preventDefault();
      toggle(of.key(row.item));
    } else moveByKey(event);
  }
  return { typed, rows, toggle, pressed };
}
