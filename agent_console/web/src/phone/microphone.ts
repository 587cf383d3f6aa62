/** The microphone: asked for once, checked once a sign-in, watched from then on. */
import { computed, readonly, ref, shallowRef } from 'vue';

export type MicrophoneState =
  | 'unknown'
  | 'asking'
  | 'open'
  | 'refused'
  | 'missing'
  | 'busy'
  | 'insecure';

export const MICROPHONE_HELP: Record<MicrophoneState, string> = {
  unknown: '尚未检测麦克风。',
  asking: '请在浏览器地址栏旁的提示中选择“允许”。',
  open: '麦克风已打开。',
  refused:
    '浏览器没有允许使用麦克风。请点击地址栏左侧的图标，将“麦克风”改为“允许”，然后点“重新检测”。',
  missing: '没有找到麦克风。请插好耳麦（USB 或耳机孔），确认系统中能看到它，然后点“重新检测”。',
  busy: '麦克风打不开，可能被其他程序占用。请关闭其他通话软件，然后点“重新检测”。',
  insecure: '当前地址不安全，浏览器不提供麦克风。请使用 https 开头的地址打开本系统。',
};

const CHECKED_KEY = 'hotline.microphone.checked';

const state = ref<MicrophoneState>('unknown');
const stream = shallowRef<MediaStream | null>(null);
const checkedDevice = ref(sessionStorage.getItem(CHECKED_KEY));

const device = computed(
  () => stream.value?.getAudioTracks()[0]?.getSettings().deviceId ?? null,
);

function reasonOf(error: unknown): MicrophoneState {
  const name = error instanceof DOMException ? error.name : '';
  if (name === 'NotAllowedError' || name === 'SecurityError') return 'refused';
  if (name === 'NotFoundError' || name === 'OverconstrainedError') return 'missing';
  return 'busy';
}

function lost(): void {
  stream.value = null;
  state.value = 'missing';
}

/** Asks the browser; true when the microphone is open. */
async function open(): Promise<boolean> {
  if (stream.value !== null) return true;
  if (!isSecureContext) {
    state.value = 'insecure';
    return false;
  }
  state.value = 'asking';
  try {
    const opened = await navigator.mediaDevices.getUserMedia({
      audio: { echoCancellation: true, noiseSuppression: true, autoGainControl: true },
      video: false,
    });
    opened.getAudioTracks().forEach((track) => track.addEventListener('ended', lost));
    stream.value = opened;
    state.value = 'open';
    return true;
  } catch (error) {
    state.value = reasonOf(error);
    return false;
  }
}

/** Opens it without asking, when the browser already allows it (after a reload). */
async function openIfAllowed(): Promise<void> {
  if (!isSecureContext || stream.value !== null) return;
  const permission = await navigator.permissions
    .query({ name: 'microphone' })
    .catch(() => null);
  if (permission?.state === 'granted') await open();
}

export const microphone = {
  state: readonly(state),
  stream: readonly(stream) as Readonly<typeof stream>,
  /** True when this very device was heard in this sign-in. */
  checked: computed(() => stream.value !== null && checkedDevice.value === (device.value ?? '')),
  open,
  openIfAllowed,

  passCheck(): void {
    checkedDevice.value = device.value ?? '';
    sessionStorage.setItem(CHECKED_KEY, checkedDevice.value);
  },

  /** Closes the device, so that the browser's recording sign goes out. */
  close(): void {
    stream.value?.getTracks().forEach((track) => track.stop());
    stream.value = null;
    state.value = 'unknown';
  },

  forget(): void {
    this.close();
    checkedDevice.value = null;
    sessionStorage.removeItem(CHECKED_KEY);
  },
};
