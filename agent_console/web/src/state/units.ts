/** The units of this place, read once while the page lives and again when they change. */
import { computed, shallowRef } from 'vue';

import type { UnitName } from '../tickets/schema';
import { ticketServer } from '../tickets/server';
import { oneAtATime } from '../lib/refresh';

const list = shallowRef<readonly UnitName[] | null>(null);
let wanted = false;

const read = oneAtATime(async () => {
  try {
    list.value = await ticketServer.units();
  } catch {
    // Names are missing until the next reading; whoever needs a unit gets it with the ticket too.
    wanted = false;
  }
});

/** Reads them when nobody has yet. */
export function useUnits() {
  if (!wanted) {
    wanted = true;
    void read();
  }
  return { list: computed(() => list.value ?? []), nameOf };
}

function nameOf(id: number): string | null {
  return list.value?.find((unit) => unit.id === id)?.name ?? null;
}

export const units = {
  changed(): void {
    if (wanted) void read();
  },
  forget(): void {
    list.value = null;
    wanted = false;
  },
};
