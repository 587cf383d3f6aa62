/** The sound of an alarm: made by WebAudio, muted by the person, remembered on this computer. */
import { ref, watch } from 'vue';

import { audioContext } from '../phone/sound';

interface Beeps {
  hz: number;
  times: number;
}

const BEEPS: Record<'red' | 'amber', Beeps> = {
  red: { hz: 880, times: 3 },
  amber: { hz: 587.33, times: 2 },
};
const LENGTH_S = 0.16;
const PERIOD_S = 0.28;
const VOLUME = 0.14;
const KEY = 'hotline.alarms.muted';

export const muted = ref(localStorage.getItem(KEY) === 'yes');
watch(muted, (now) => localStorage.setItem(KEY, now ? 'yes' : 'no'));

/** Browsers stay silent until the person has touched the page once. */
export function maySound(): boolean {
  return navigator.userActivation.hasBeenActive;
}

export function ring(level: 'red' | 'amber'): void {
  if (muted.value || !maySound()) return;
  const { hz, times } = BEEPS[level];
  const context = audioContext();
  for (let beep = 0; beep < times; beep += 1) {
    const begin = context.currentTime + 0.02 + beep * PERIOD_S;
    const end = begin + LENGTH_S;
    const tone = context.createOscillator();
    const shape = context.createGain();
    tone.frequency.value = hz;
    shape.gain.setValueAtTime(0, begin);
    shape.gain.linearRampToValueAtTime(VOLUME, begin + 0.02);
    shape.gain.setValueAtTime(VOLUME, end - 0.04);
    shape.gain.linearRampToValueAtTime(0, end);
    tone.connect(shape).connect(context.destination);
    tone.start(begin);
    tone.stop(end);
  }
}
