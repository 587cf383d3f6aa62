/** The sound of a call: made by WebAudio, chosen by the person, kept on this computer. */
import { ref, watch } from 'vue';

import { audioContext } from './sound';

export type Ring = 'classic' | 'soft' | 'chime' | 'silent';

export const RINGS: readonly { code: Ring; label: string }[] = [
  { code: 'classic', label: '电话铃' },
  { code: 'soft', label: '轻柔' },
  { code: 'chime', label: '三音' },
  { code: 'silent', label: '静音' },
];

interface Note {
  at_s: number;
  length_s: number;
  hz: readonly number[];
}

interface Tune {
  period_s: number;
  notes: readonly Note[];
}

const TUNES: Record<Exclude<Ring, 'silent'>, Tune> = {
  classic: {
    period_s: 3,
    notes: [
      { at_s: 0, length_s: 0.4, hz: [440, 480] },
      { at_s: 0.6, length_s: 0.4, hz: [440, 480] },
    ],
  },
  soft: {
    period_s: 3,
    notes: [
      { at_s: 0, length_s: 0.7, hz: [523.25] },
      { at_s: 0.8, length_s: 0.9, hz: [659.25] },
    ],
  },
  chime: {
    period_s: 2.4,
    notes: [
      { at_s: 0, length_s: 0.25, hz: [659.25] },
      { at_s: 0.25, length_s: 0.25, hz: [783.99] },
      { at_s: 0.5, length_s: 0.5, hz: [1046.5] },
    ],
  },
};

const KEY = 'hotline.ring';
const VOLUME = 0.16;

function stored(): Ring {
  const code = localStorage.getItem(KEY);
  return RINGS.find((ring) => ring.code === code)?.code ?? 'classic';
}

export const chosenRing = ref<Ring>(stored());
watch(chosenRing, (ring) => localStorage.setItem(KEY, ring));

let timer: ReturnType<typeof setInterval> | undefined;
let loudness: GainNode | null = null;

function playOnce(tune: Tune, out: GainNode): void {
  const context = audioContext();
  for (const note of tune.notes) {
    const begin = context.currentTime + 0.02 + note.at_s;
    const end = begin + note.length_s;
    for (const hz of note.hz) {
      const tone = context.createOscillator();
      const shape = context.createGain();
      tone.frequency.value = hz;
      shape.gain.setValueAtTime(0, begin);
      shape.gain.linearRampToValueAtTime(VOLUME, begin + 0.03);
      shape.gain.setValueAtTime(VOLUME, end - 0.08);
      shape.gain.linearRampToValueAtTime(0, end);
      tone.connect(shape).connect(out);
      tone.start(begin);
      tone.stop(end);
    }
  }
}

export function startRinging(): void {
  stopRinging();
  const ring = chosenRing.value;
  if (ring === 'silent') return;
  const tune = TUNES[ring];
  const out = audioContext().createGain();
  out.connect(audioContext().destination);
  loudness = out;
  playOnce(tune, out);
  timer = setInterval(() => playOnce(tune, out), tune.period_s * 1000);
}

export function stopRinging(): void {
  clearInterval(timer);
  timer = undefined;
  loudness?.disconnect();
  loudness = null;
}

/** Lets the person hear what was chosen. */
export function previewRing(): void {
  if (chosenRing.value === 'silent') return;
  const out = audioContext().createGain();
  out.connect(audioContext().destination);
  playOnce(TUNES[chosenRing.value], out);
}
