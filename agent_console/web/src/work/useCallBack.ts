/** Ringing a citizen back from a ticket or a missed call, without seeing the number. */
import { ElMessageBox } from 'element-plus';
import { computed } from 'vue';

import { microphone, MICROPHONE_HELP } from '../phone/microphone';
import { PHONE_WORDS, seatPhone } from '../phone/seatPhone';
import { desk } from '../state/desk';
import { session } from '../state/session';

const IN_A_CALL = new Set(['reserved', 'ringing', 'talking']);

/** Why nobody can be rung from here now; empty when one can. */
const whyNot = computed(() => {
  if (!session.hasSeat.value) return '您的账号没有座席，不能回拨';
  if (IN_A_CALL.has(desk.seat.value?.state ?? '')) return '请先结束当前通话，再回拨';
  if (seatPhone.state.value !== 'ready') return `${PHONE_WORDS[seatPhone.state.value]}，就绪后才能回拨`;
  return '';
});

/** Whether the call was begun. */
async function callBack(
  whom: { ticket_id: number } | { missed_id: number },
  masked: string | null,
): Promise<boolean> {
  try {
    await ElMessageBox.confirm(
      '您的电话先自动接通，然后呼叫对方。通话全程录音。',
      `回拨 ${masked ?? '号码未显示'}`,
      { confirmButtonText: '回拨', cancelButtonText: '取消' },
    );
  } catch {
    return false; // Element Plus answers "no" by rejecting.
  }
  if (await microphone.open()) return desk.callBack(whom);
  desk.say(MICROPHONE_HELP[microphone.state.value]);
  return false;
}

export function useCallBack() {
  return { whyNot, callBack, offered: session.hasSeat };
}
