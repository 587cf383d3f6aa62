/** My own supervision: on which call, how, and what I may do next. */
import { computed } from 'vue';

import { live } from '../live/useLive';
import { PHONE_WORDS, seatPhone } from '../phone/seatPhone';
import { desk } from '../state/desk';
import { floor } from '../state/floor';
import { supervised, type Me } from './supervision';

export const mySupervision = computed(() =>
  supervised(floor.state.value.calls.values(), desk.seat.value?.id ?? null),
);

export const me = computed<Me>(() => ({
  seat: desk.seat.value,
  phone:
    seatPhone.state.value === 'ready' ? '' : `${PHONE_WORDS[seatPhone.state.value]}，就绪后才能进入通话`,
  online: live.network.value === 'online',
  supervised: mySupervision.value,
}));
