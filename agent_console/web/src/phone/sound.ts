/** The page's one AudioContext: ringing tones, level meters. */
let context: AudioContext | null = null;

/** Browsers let it sound only after the person has touched the page once. */
export function audioContext(): AudioContext {
  context ??= new AudioContext();
  if (context.state === 'suspended') void context.resume();
  return context;
}

for (const touch of ['pointerdown', 'keydown'] as const) {
  addEventListener(touch, () => {
    if (context?.state === 'suspended') void context.resume();
  });
}
