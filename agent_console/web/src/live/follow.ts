/** What to do with each message of the live socket. Pure: no socket, no timer. */
import { AnyChange, Change, Envelope, Hello } from './messages';

export interface Place {
  /** The last change that was applied; null before the first hello. */
  seq: number | null;
}

export type Step =
  | { do: 'reload'; seq: number }
  | { do: 'resume' }
  | { do: 'apply'; change: Change }
  | { do: 'skip'; seq: number }
  | { do: 'pong' }
  | { do: 'nothing' };

/** `text` is one message; the step says what the socket's keeper has to do about it. */
export function follow(place: Place, text: string): Step {
  const message = parse(text);
  const type = Envelope.safeParse(message);
  if (!type.success) return { do: 'nothing' };
  switch (type.data.type) {
    case 'ping':
      return { do: 'pong' };
    case 'hello': {
      const hello = Hello.parse(message);
      const fresh = hello.reset || place.seq === null;
      return fresh ? { do: 'reload', seq: hello.seq } : { do: 'resume' };
    }
    case 'change':
      return change(place, message);
    default:
      return { do: 'nothing' };
  }
}

function change(place: Place, message: unknown): Step {
  const known = Change.safeParse(message);
  if (known.success) {
    // Figures stand in no table: they carry the number that this page has seen already.
    const numbered = known.data.topic !== 'figures';
    const repeated = numbered && place.seq !== null && known.data.seq <= place.seq;
    return repeated ? { do: 'nothing' } : { do: 'apply', change: known.data };
  }
  const other = AnyChange.safeParse(message);
  if (!other.success) return { do: 'nothing' };
  return { do: 'skip', seq: Math.max(other.data.seq, place.seq ?? 0) };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** How long to wait before try number `attempt` (0, 1, …), in ms; `chance` in [0, 1). */
export function backoffMs(attempt: number, chance: number): number {
  const ceiling = Math.min(15_000, 500 * 2 ** Math.min(attempt, 6));
  return Math.round(ceiling / 2 + (ceiling / 2) * chance);
}
