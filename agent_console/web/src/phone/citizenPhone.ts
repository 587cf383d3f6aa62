/** The test telephone of `/phone`: a citizen's browser that dials the hotline. No sign-in. */
import { readonly, ref, shallowRef } from 'vue';

import { sentence } from '../api/http';
import { server } from '../api/server';
import { microphone, MICROPHONE_HELP } from './microphone';
import type { LegState, SipLine } from './sipLine';

export type CitizenState = 'idle' | 'preparing' | 'calling' | 'talking' | 'ended' | 'failed';

const REGISTER_LIMIT_MS = 10_000;

const state = ref<CitizenState>('idle');
const problem = ref('');
const sound = shallowRef<MediaStream | null>(null);
const since = ref(0);
let line: SipLine | null = null;

function fail(why: string): void {
  hangUpLine();
  state.value = 'failed';
  problem.value = why;
}

function hangUpLine(): void {
  line?.stop();
  line = null;
  sound.value = null;
}

function legChanged(leg: LegState | null): void {
  if (leg === 'calling') state.value = 'calling';
  if (leg === 'talking') {
    state.value = 'talking';
    since.value = Date.now();
  }
  if (leg !== null || state.value === 'failed') return;
  const answered = state.value === 'talking';
  hangUpLine();
  if (answered) state.value = 'ended';
  else fail('电话没有接通，请稍后再试。');
}

/** Makes the phone ready and dials; every failure becomes a sentence. */
async function dial(): Promise<void> {
  if (state.value === 'preparing' || line !== null) return;
  state.value = 'preparing';
  problem.value = '';
  if (!(await microphone.open())) {
    fail(MICROPHONE_HELP[microphone.state.value]);
    return;
  }
  try {
    const [access, sip] = await Promise.all([server.citizenPhone(), import('./sipLine')]);
    const limit = setTimeout(() => fail('电话线路没有响应，请稍后再试。'), REGISTER_LIMIT_MS);
    line = new sip.SipLine(access, {
      line: (next) => {
        if (next === 'refused') fail('电话线路没有接受本次注册，请重试。');
        if (next !== 'ready' || state.value !== 'preparing') return;
        clearTimeout(limit);
        if (microphone.stream.value !== null) line?.call(access.dial, microphone.stream.value);
      },
      leg: (next) => {
        clearTimeout(limit);
        legChanged(next);
      },
      sound: (stream) => (sound.value = stream),
    });
    line.start();
  } catch (error) {
    fail(sentence(error));
  }
}

export const citizenPhone = {
  state: readonly(state),
  problem: readonly(problem),
  sound: readonly(sound) as Readonly<typeof sound>,
  since: readonly(since),
  dial,
  press: (digit: string): void => line?.sendDigit(digit),
  hangUp: (): void => line?.hangUp(),
  close(): void {
    hangUpLine();
    microphone.close();
    state.value = 'idle';
  },
};
