/** A list whose entries name their parent, as the rows of a tree. Pure. */

export interface TreeRow<T> {
  item: T;
  depth: number;
  /** How many stand directly below, shown or not. */
  below: number;
  open: boolean;
}

export interface TreeOf<T, K> {
  key: (item: T) => K;
  parent: (item: T) => K | null;
}

/**
 * Rows in the order of the list, each below its parent. With `wanted`, those it holds for and the
 * way down to them; what is closed then opens, so that nothing found stays hidden. An entry whose
 * parent is not in the list, or that is its own ancestor, stands at the top.
 */
export function treeRows<T, K>(
  items: readonly T[],
  { key, parent }: TreeOf<T, K>,
  closed: ReadonlySet<K>,
  wanted: ((item: T) => boolean) | null,
): TreeRow<T>[] {
  const byKey = new Map(items.map((item) => [key(item), item]));
  const children = new Map<K | null, T[]>();
  for (const item of items) {
    const above = topless(item, byKey, { key, parent }) ? null : parent(item);
    children.set(above, [...(children.get(above) ?? []), item]);
  }
  const kept = wanted === null ? null : withAncestors(items.filter(wanted), byKey, { key, parent });
  const rows: TreeRow<T>[] = [];
  function visit(above: K | null, depth: number): void {
    for (const item of children.get(above) ?? []) {
      if (kept !== null && !kept.has(key(item))) continue;
      const below = children.get(key(item))?.length ?? 0;
      const open = kept !== null || !closed.has(key(item));
      rows.push({ item, depth, below, open });
      if (open) visit(key(item), depth + 1);
    }
  }
  visit(null, 0);
  return rows;
}

/** True when no way leads from the entry up to an entry of the list without a parent. */
function topless<T, K>(item: T, byKey: Map<K, T>, { key, parent }: TreeOf<T, K>): boolean {
  const above = parent(item);
  if (above === null || !byKey.has(above)) return true;
  const seen = new Set<K>();
  for (let at: T | undefined = item; at !== undefined; ) {
    if (seen.has(key(at))) return true;
    seen.add(key(at));
    const next: K | null = parent(at);
    at = next === null ? undefined : byKey.get(next);
  }
  return false;
}

function withAncestors<T, K>(
  found: readonly T[],
  byKey: Map<K, T>,
  { key, parent }: TreeOf<T, K>,
): Set<K> {
  const kept = new Set<K>();
  for (const item of found) {
    let at: T | undefined = item;
    while (at !== undefined && !kept.has(key(at))) {
      kept.add(key(at));
      const above: K | null = parent(at);
      at = above === null ? undefined : byKey.get(above);
    }
  }
  return kept;
}

/** The entry and all below it: none of them can become its parent. */
export function itselfAndBelow<T, K>(
  items: readonly T[],
  { key, parent }: TreeOf<T, K>,
  top: K,
): Set<K> {
  const found = new Set<K>([top]);
  for (let size = 0; size !== found.size; ) {
    size = found.size;
    for (const item of items) {
      const above = parent(item);
      if (above !== null && found.has(above)) found.add(key(item));
    }
  }
  return found;
}
