/** One confirmation before what can't be taken back, and the sentence that came back. */
import { ElMessageBox } from 'element-plus';
import { ref, type Ref } from 'vue';

import { sentence } from '../api/http';

export async function sure(title: string, text: string, confirm: string): Promise<boolean> {
  try {
    await ElMessageBox.confirm(text, title, {
      confirmButtonText: confirm,
      cancelButtonText: '返回',
      confirmButtonClass: 'sure-yes',
    });
    return true;
  } catch {
    return false; // Element Plus answers "no" by rejecting.
  }
}

export interface Doing {
  /** The name of what is under way; empty when nothing is. */
  busy: Ref<string>;
  /** Why the last one was refused; empty when it was not. */
  problem: Ref<string>;
  /** Does one thing at a time; true when it was done. */
  act: (name: string, ask: () => Promise<unknown>) => Promise<boolean>;
}

export function useDoing(): Doing {
  const busy = ref('');
  const problem = ref('');
  async function act(name: string, ask: () => Promise<unknown>): Promise<boolean> {
    if (busy.value !== '') return false;
    busy.value = name;
    problem.value = '';
    try {
      await ask();
      return true;
    } catch (error) {
      problem.value = sentence(error);
      return false;
    } finally {
      busy.value = '';
    }
  }
  return { busy, problem, act };
}
