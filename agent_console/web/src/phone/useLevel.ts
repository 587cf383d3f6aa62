/** How loud a stream is, 0 to 1, read twelve times a second while the component lives. */
import { onScopeDispose, ref, watch, type Ref } from 'vue';

import { audioContext } from './sound';

const PERIOD_MS = 80;
/** Speech into a headset lies about here; louder fills the meter. */
const FULL = 0.25;

export function useLevel(stream: Readonly<Ref<MediaStream | null>>): Ref<number> {
  const level = ref(0);
  let stop: (() => void) | null = null;

  function end(): void {
    stop?.();
    stop = null;
    level.value = 0;
  }

  function begin(source: MediaStream): void {
    const node = audioContext().createMediaStreamSource(source);
    const analyser = audioContext().createAnalyser();
    analyser.fftSize = 1024;
    node.connect(analyser);
    const samples = new Float32Array(analyser.fftSize);
    const timer = setInterval(() => {
      analyser.getFloatTimeDomainData(samples);
      let sum = 0;
      for (const sample of samples) sum += sample * sample;
      const now = Math.min(1, Math.sqrt(sum / samples.length) / FULL);
      level.value = Math.max(now, level.value * 0.7);
    }, PERIOD_MS);
    stop = () => {
      clearInterval(timer);
      node.disconnect();
    };
  }

  watch(
    stream,
    (source) => {
      end();
      if (source !== null && source.getAudioTracks().length > 0) begin(source);
    },
    { immediate: true },
  );
  onScopeDispose(end);
  return level;
}
