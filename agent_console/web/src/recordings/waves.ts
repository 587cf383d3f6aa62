/** Draws both sides of a recording with wavesurfer.js around a media element that plays it. */

export interface Waves {
  destroy: () => void;
}

/** Longer recordings are played without their picture: decoding them would fill the memory. */
const MOST_BYTES = 24_000_000;
const SIDE_HEIGHT = 56;

function colour(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

/** The page's own style elements carry the nonce that the server put into the page. */
function nonce(): string {
  return document.querySelector<HTMLMetaElement>('meta[name="csp-nonce"]')?.content ?? '';
}

/** null when the recording is too long to be drawn; throws when it can't be read. */
export async function drawWaves(
  place: HTMLElement,
  media: HTMLMediaElement,
  sizeBytes: number,
): Promise<Waves | null> {
  if (sizeBytes > MOST_BYTES) return null;
  const { default: WaveSurfer } = await import('wavesurfer.js');
  const side = {
    height: SIDE_HEIGHT,
    progressColor: colour('--blue'),
    waveColor: colour('--muted'),
    overlay: false,
  };
  const waves = WaveSurfer.create({
    container: place,
    media,
    cspNonce: nonce(),
    dragToSeek: true,
    cursorColor: colour('--text'),
    splitChannels: [side, side],
    normalize: true,
  });
  await new Promise<void>((resolve, reject) => {
    waves.on('ready', () => resolve());
    waves.on('error', reject);
  });
  return waves;
}
