/** Two seconds of one's own voice, played back: the surest check of a headset. */
const LENGTH_MS = 2_000;

export async function recordEcho(stream: MediaStream): Promise<Blob> {
  const recorder = new MediaRecorder(stream);
  const pieces: Blob[] = [];
  recorder.addEventListener('dataavailable', (event) => pieces.push(event.data));
  const done = new Promise<void>((resolve) => {
    recorder.addEventListener('stop', () => resolve());
  });
  recorder.start();
  setTimeout(() => recorder.stop(), LENGTH_MS);
  await done;
  return new Blob(pieces, { type: recorder.mimeType });
}

export async function playEcho(recorded: Blob): Promise<void> {
  const address = URL.createObjectURL(recorded);
  const player = new Audio(address);
  try {
    const ended = new Promise<void>((resolve, reject) => {
      player.addEventListener('ended', () => resolve());
      player.addEventListener('error', () => reject(new Error('播放失败')));
    });
    await player.play();
    await ended;
  } finally {
    URL.revokeObjectURL(address);
  }
}
