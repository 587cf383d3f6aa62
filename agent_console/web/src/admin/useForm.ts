/** A form in a dialog: what is typed stays, whatever the server says. */
import { reactive, ref, type Ref } from 'vue';

import { Refused, sentence } from '../api/http';
import { leftOver, whatChanged } from './refusal';

export interface Form<T extends object> {
  values: T;
  /** One sentence a field, by the name the server knows it by. */
  errors: Record<string, string>;
  /** What is wrong beyond the fields; empty when nothing is. */
  problem: Ref<string>;
  busy: Ref<boolean>;
  /** True when something differs from what was begun with. */
  touched: () => boolean;
  begin: (values: T) => void;
  /** What is wrong before it is sent at all, a sentence a field. */
  refuse: (wrong: Record<string, string>) => void;
  /** Sends; null when it was refused (then errors and problem say why). */
  send: <R>(ask: () => Promise<R>) => Promise<R | null>;
}

/** `labels`: the fields as the person knows them; a sentence of another one stands in `problem`. */
export function useForm<T extends object>(empty: T, labels: Record<string, string>): Form<T> {
  const values = reactive({ ...empty }) as T;
  const errors = reactive<Record<string, string>>({});
  const problem = ref('');
  const busy = ref(false);
  let first = JSON.stringify(empty);
  let base = { ...empty } as Record<string, unknown>;

  function clear(): void {
    for (const name of Object.keys(errors)) Reflect.deleteProperty(errors, name);
    problem.value = '';
  }
  function begin(next: T): void {
    clear();
    Object.assign(values, next);
    base = { ...next } as Record<string, unknown>;
    first = JSON.stringify(values);
  }
  function refused(error: Refused): void {
    for (const one of error.problem.errors) {
      // "addresses.sms" belongs to the field it begins with, unless it has one of its own.
      const name = one.field in labels ? one.field : (one.field.split('.')[0] ?? one.field);
      errors[name] ??= one.message;
    }
    const clash = whatChanged(error.problem.current, base, labels);
    if (clash !== null) {
      // What is saved next is meant to stand in place of what the other one saved.
      Object.assign(values, { version: clash.version });
      base = { ...base, ...clash.current };
      problem.value = clash.sentence;
    } else problem.value = leftOver(error.problem, labels);
  }
  function refuse(wrong: Record<string, string>): void {
    clear();
    Object.assign(errors, wrong);
    problem.value = '没有保存，请更正标出的项目。';
  }
  async function send<R>(ask: () => Promise<R>): Promise<R | null> {
    if (busy.value) return null;
    busy.value = true;
    clear();
    try {
      return await ask();
    } catch (error) {
      if (error instanceof Refused) refused(error);
      else problem.value = `${sentence(error)}。已填写的内容仍在，可再次保存。`;
      return null;
    } finally {
      busy.value = false;
    }
  }
  const touched = (): boolean => JSON.stringify(values) !== first;
  return { values, errors, problem, busy, begin, refuse, send, touched };
}
