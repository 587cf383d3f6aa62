/** The draft of the ticket whose id is given, kept true by the feed while the component lives. */
import { onScopeDispose, shallowRef, watch, type Ref, type ShallowRef } from 'vue';

import { live } from '../live/useLive';
import { session } from '../state/session';
import { TicketDraft } from './ticketDraft';

export function useTicketDraft(id: Readonly<Ref<number | null>>): ShallowRef<TicketDraft | null> {
  const draft = shallowRef<TicketDraft | null>(null);

  watch(
    id,
    (next) => {
      draft.value?.close();
      draft.value = next === null ? null : new TicketDraft(next);
      void draft.value?.load();
    },
    { immediate: true },
  );
  const stopChange = live.onChange((change) => {
    if (change.topic === 'ticket' && change.data.id === draft.value?.id) {
      if (change.data.gone === true) draft.value.gone();
      else void draft.value.heard(change.data.version, change.data.reckoned);
    }
    const call = draft.value?.ticket.value?.call_id ?? null;
    if (change.topic === 'recording' && call !== null && change.data.call_id === call) {
      void draft.value?.load();
    }
  });
  const stopReload = live.onReload(() => void draft.value?.load());
  const back = [live.network, session.lapsed];
  watch(back, () => {
    if (live.network.value === 'online' && !session.lapsed.value) draft.value?.retry();
  });
  onScopeDispose(() => {
    stopChange();
    stopReload();
    draft.value?.close();
  });
  return draft;
}
