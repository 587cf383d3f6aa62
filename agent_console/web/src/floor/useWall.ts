/** The figures for a display: asked for each second, for ever, whatever the answers were before. */
import { computed, onScopeDispose, shallowRef, ref, type ComputedRef, type Ref, type ShallowRef } from 'vue';

import { Refused, sentence } from '../api/http';
import { serverNow } from '../lib/clock';
import type { Figures } from './schema';
import { floorServer } from './server';

const ASK_MS = 1_000;
/** After a failure, a little slower: two hundred walls must not press on a server that starts. */
const AGAIN_MS = 3_000;
const CLOCK_MS = 500;
/** Older than this is said; one answer that was late is not. */
export const OLD_MS = 5_000;

export interface Wall {
  figures: ShallowRef<Figures | null>;
  now: Ref<number>;
  /** Whether what is shown is how it is. */
  fresh: ComputedRef<boolean>;
  /** Why the last question was refused; empty when the server is merely away. */
  problem: Ref<string>;
}

export function useWall(key: string | null): Wall {
  const figures = shallowRef<Figures | null>(null);
  const heardMs = ref<number | null>(null);
  const now = ref(serverNow());
  const problem = ref('');
  let stopped = false;
  let timer: ReturnType<typeof setTimeout> | undefined;

  async function askAgain(): Promise<void> {
    let wait = ASK_MS;
    try {
      figures.value = await floorServer.figures(key);
      heardMs.value = serverNow();
      problem.value = '';
    } catch (error) {
      problem.value = error instanceof Refused ? sentence(error) : '';
      wait = AGAIN_MS;
    }
    now.value = serverNow();
    if (!stopped) timer = setTimeout(() => void askAgain(), wait);
  }
  const ticking = setInterval(() => (now.value = serverNow()), CLOCK_MS);
  void askAgain();
  onScopeDispose(() => {
    stopped = true;
    clearTimeout(timer);
    clearInterval(ticking);
  });

  const fresh = computed(() => heardMs.value !== null && now.value - heardMs.value < OLD_MS);
  return { figures, now, fresh, problem };
}
