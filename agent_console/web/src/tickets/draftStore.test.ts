import { describe, expect, it } from 'vitest';

import { DraftStore, type Shelf } from './draftStore';

class MapShelf implements Shelf {
  readonly items = new Map<string, string>();
  full = false;
  getItem(key: string): string | null {
    return this.items.get(key) ?? null;
  }
  setItem(key: string, value: string): void {
    if (this.full) throw new Error('no room');
    this.items.set(key, value);
  }
  removeItem(key: string): void {
    this.items.delete(key);
  }
  key(index: number): string | null {
    return [...this.items.keys()][index] ?? null;
  }
  get length(): number {
    return this.items.size;
  }
}

function storeOf(account: number, shelf: MapShelf, now = () => 1_000): DraftStore {
  const store = new DraftStore(() => shelf, now);
  store.belongTo(account);
  return store;
}

describe('drafts on this computer', () => {
  it('gives back what was put', () => {
    const shelf = new MapShelf();
    storeOf(1, shelf).put(7, { text: null }, { text: '来电人' });
    expect(storeOf(1, shelf).get(7)?.edits).toEqual({ text: '来电人' });
  });
  it('given another person signs in, the drafts are gone', () => {
    const shelf = new MapShelf();
    shelf.setItem('other', 'stays');
    storeOf(1, shelf).put(7, {}, { text: '来电人' });
    expect(storeOf(2, shelf).get(7)).toBeNull();
    expect([...shelf.items.keys()]).toEqual(['other']);
  });
  it('given sign-out, every draft is dropped and none is kept after it', () => {
    const shelf = new MapShelf();
    const store = storeOf(1, shelf);
    store.put(7, {}, { text: '来电人' });
    store.dropAll();
    expect(store.put(7, {}, { text: '迟到' })).toBe(false);
    expect(shelf.items.size).toBe(0);
  });
  it('given a day has passed, a draft is not brought back', () => {
    const shelf = new MapShelf();
    storeOf(1, shelf).put(7, {}, { text: '来电人' });
    expect(storeOf(1, shelf, () => 1_000 + 25 * 3_600_000).get(7)).toBeNull();
  });
  it('given no room or damaged text, it says so instead of failing', () => {
    const shelf = new MapShelf();
    const store = storeOf(1, shelf);
    shelf.setItem('hotline.draft.1.9', '{damaged');
    expect(store.get(9)).toBeNull();
    shelf.full = true;
    expect(store.put(7, {}, { text: '来电人' })).toBe(false);
  });
});
