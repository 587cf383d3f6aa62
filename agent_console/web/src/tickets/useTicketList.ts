/** The tickets of a list as they stand, read anew without moving what somebody reads. */
import { onScopeDispose, ref, watch, type Ref } from 'vue';

import type { Page, TicketRow } from '../api/schema';
import { useReading, type Reading } from '../lib/useReading';
import { live } from '../live/useLive';
import { desks } from '../state/desks';
import { sameRows } from './sameRows';

const MINUTE_MS = 60_000;
/** Whoever writes a ticket saves it several times: the list is asked once for all of them. */
const PAUSE_MS = 2_000;

export interface TicketList {
  reading: Reading<Page<TicketRow>>;
  /** Other rows would stand here by now; they come when the person asks for them. */
  stale: Ref<boolean>;
  refresh: () => void;
}

/** `desk`: whose list it is; '' for all tickets. `ask` reads what the address says. */
export function useTicketList(desk: string, ask: () => Promise<Page<TicketRow>>): TicketList {
  const reading = useReading(ask);
  const stale = ref(false);
  let timer: ReturnType<typeof setTimeout> | undefined;

  function refresh(): void {
    stale.value = false;
    void reading.read();
  }

  /** What is read is taken over where no row comes or goes. */
  async function quietly(): Promise<void> {
    const before = reading.value.value;
    if (document.hidden || before === null || reading.loading.value) return;
    try {
      const now = await ask();
      if (reading.value.value !== before) return;
      if (sameRows(before.items, now.items)) reading.value.value = now;
      else stale.value = true;
    } catch {
      // The line of the network says so; the list stays as it was read.
    }
  }
  function soon(): void {
    timer ??= setTimeout(() => {
      timer = undefined;
      void quietly();
    }, PAUSE_MS);
  }

  // Two hundred colleagues save as they type: a desk is told by its own count, not by each of them.
  const count = (): number | undefined => desks.list.value?.find(({ name }) => name === desk)?.count;
  watch(count, (now, before) => {
    if (before !== undefined && now !== reading.value.value?.total) stale.value = true;
  });
  const stops = [
    live.onChange((change) => {
      if (change.topic !== 'ticket') return;
      if (reading.value.value?.items.some(({ id }) => id === change.data.id)) soon();
      else if (desk === '') stale.value = true;
    }),
    live.onReload(refresh),
  ];
  const minute = setInterval(() => void quietly(), MINUTE_MS);
  onScopeDispose(() => {
    stops.forEach((stop) => stop());
    clearInterval(minute);
    clearTimeout(timer);
  });
  return { reading, stale, refresh };
}
