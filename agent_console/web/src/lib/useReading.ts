/** A list that is read from the server: loading, failed or there; read again without a jump. */
import { ref, shallowRef, type Ref, type ShallowRef } from 'vue';

import { Refused, sentence } from '../api/http';
import { oneAtATime } from './refresh';

export interface Reading<T> {
  /** The last answer; kept while it is read again and when that fails. */
  value: ShallowRef<T | null>;
  loading: Ref<boolean>;
  failed: Ref<string>;
  forbidden: Ref<boolean>;
  read: () => Promise<void>;
}

/**
 * `isOlder`: whether an answer is older than what is shown: something was done and shown here
 * while it was on its way. Such an answer is left.
 */
export function useReading<T>(
  ask: () => Promise<T>,
  isOlder: (read: T, now: T) => boolean = () => false,
): Reading<T> {
  const value: ShallowRef<T | null> = shallowRef<T | null>(null);
  const loading = ref(true);
  const failed = ref('');
  const forbidden = ref(false);
  const read = oneAtATime(async () => {
    loading.value = true;
    try {
      const answer = await ask();
      if (value.value === null || !isOlder(answer, value.value)) value.value = answer;
      failed.value = '';
      forbidden.value = false;
    } catch (error) {
      failed.value = sentence(error);
      forbidden.value = error instanceof Refused && error.status === 403;
    } finally {
      loading.value = false;
    }
  });
  return { value, loading, failed, forbidden, read };
}
