/** The files of one form: picked, sent one after the other, removed; they outlive a reload. */
import { computed, ref } from 'vue';

import { Refused, sentence } from '../api/http';
import { type FileRules, type Shown, wrongFile } from './fileRules';
import { type Sending, sendFile } from './sendFile';
import { publicServer } from './server';

export function useFiles(key: () => string, rules: () => FileRules) {
  const files = ref<Shown[]>([]);
  const problem = ref('');
  const blobs = new Map<number, Blob>();
  let next = 0;
  let under: { at: number; sending: Sending } | null = null;

  /** After a reload: what was received before is still there, and what is picked meanwhile stays. */
  async function load(): Promise<void> {
    const asked = next;
    try {
      const { items } = await publicServer.files(key());
      const own = new Map(files.value.map((one) => [one.id, one]));
      const received = items.map((one, index) => own.get(one.id) ?? {
        at: next++, name: `文件${index + 1}.${one.kind}`, size_bytes: one.size_bytes,
        id: one.id, share: 1, wrong: '', again: false,
      });
      const since = files.value.filter((one) => one.at >= asked && !received.includes(one));
      files.value = [...received, ...since];
    } catch (error) {
      problem.value = sentence(error);
    }
  }

  function pick(list: readonly File[]): void {
    problem.value = '';
    const free = rules().most - files.value.length;
    if (list.length > free) problem.value = `最多 ${rules().most} 个文件，多选的没有加入`;
    for (const file of list.slice(0, Math.max(0, free))) {
      const at = next++;
      blobs.set(at, file);
      files.value.push({
        at, name: file.name, size_bytes: file.size, id: '', share: 0,
        wrong: wrongFile(rules(), file.name, file.size), again: false,
      });
    }
    void send();
  }

  /** One at a time: a telephone's way up is narrow. */
  async function send(): Promise<void> {
    if (under !== null) return;
    const one = files.value.find(({ id, wrong }) => id === '' && wrong === '');
    const blob = one === undefined ? undefined : blobs.get(one.at);
    if (one === undefined || blob === undefined) return;
    const sending = sendFile(key(), one.name, blob, (share) => (one.share = share));
    under = { at: one.at, sending };
    try {
      const made = await sending.done;
      if (files.value.some(({ id }) => id === made.id)) drop(one.at);
      else one.id = made.id;
    } catch (error) {
      one.wrong = sentence(error);
      // Of another kind, or too large: it would be refused again.
      one.again = !(error instanceof Refused && [413, 422].includes(error.status));
    } finally {
      under = null;
    }
    void send();
  }

  function again(at: number): void {
    const one = files.value.find((shown) => shown.at === at);
    if (one === undefined) return;
    one.wrong = '';
    one.share = 0;
    void send();
  }

  async function remove(at: number): Promise<void> {
    const one = files.value.find((shown) => shown.at === at);
    if (under?.at === at) under.sending.stop();
    if (one !== undefined && one.id !== '') {
      try {
        await publicServer.removeFile(key(), one.id);
      } catch (error) {
        problem.value = sentence(error);
        return;
      }
    }
    drop(at);
  }

  function drop(at: number): void {
    blobs.delete(at);
    files.value = files.value.filter((shown) => shown.at !== at);
  }

  function forget(): void {
    under?.sending.stop();
    blobs.clear();
    files.value = [];
    problem.value = '';
  }

  const ids = computed(() => files.value.map(({ id }) => id).filter((id) => id !== ''));
  return { files, problem, ids, load, pick, again, remove, forget };
}

export type FilesOfForm = ReturnType<typeof useFiles>;
