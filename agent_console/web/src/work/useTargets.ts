/** Whom can be rung now, from the feed and the list of experts; and ringing them. */
import { computed, type ComputedRef } from 'vue';

import { useExperts } from '../state/experts';
import { desk } from '../state/desk';
import { floor } from '../state/floor';
import { useSettings } from '../state/session';
import type { Choice, Mode, People } from './targets';

export function usePeople(): { people: ComputedRef<People>; failed: ComputedRef<string> } {
  const experts = useExperts();
  const settings = useSettings();
  return {
    people: computed(() => ({
      experts: experts.value.value ?? [],
      seats: [...floor.state.value.seats.values()],
      queues: floor.queues.value,
      mySeat: desk.seat.value?.id ?? null,
      seatStates: settings.labels.seat_states,
    })),
    failed: computed(() => (experts.value.value === null ? experts.failed.value : '')),
  };
}

export function ringTarget(mode: Mode, choice: Choice): Promise<boolean> {
  return desk.request(mode, { target: choice.target });
}
