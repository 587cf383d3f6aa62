/** What a person fills in for a move: from the server's fields to what is sent. Pure. */
import type { MoveField } from '../tickets/schema';

export type FieldValue = string | number | boolean | (string | number)[] | null;
export type FormValues = Record<string, FieldValue>;

const MANY = new Set(['units', 'choices']);
const WRITTEN = new Set(['text', 'long_text']);

function isValue(value: unknown): value is string | number {
  return typeof value === 'string' || typeof value === 'number';
}

/** The value a field has before anybody touched it: what the server suggests, or nothing. */
export function startValue(field: MoveField): FieldValue {
  const { suggested } = field;
  if (MANY.has(field.kind)) return Array.isArray(suggested) ? suggested.filter(isValue) : [];
  if (WRITTEN.has(field.kind)) return typeof suggested === 'string' ? suggested : '';
  return isValue(suggested) || typeof suggested === 'boolean' ? suggested : null;
}

export function startValues(fields: readonly MoveField[]): FormValues {
  return Object.fromEntries(fields.map((field) => [field.name, startValue(field)]));
}

export function isEmpty(value: FieldValue | undefined): boolean {
  return value == null || value === '' || (Array.isArray(value) && value.length === 0);
}

/** What is sent: nothing for a field that was left empty, a whole number as a number. */
export function toSend(fields: readonly MoveField[], values: FormValues): Record<string, unknown> {
  const form: Record<string, unknown> = {};
  for (const { name, kind } of fields) {
    const value = values[name];
    if (value === undefined || isEmpty(value)) continue;
    if (kind === 'number' && typeof value === 'string') {
      const number = Number(value.trim());
      // What is no number goes as it was typed: the server's sentence then stands at the field.
      form[name] = value.trim() !== '' && Number.isFinite(number) ? number : value;
    } else if (typeof value === 'string') {
      if (value.trim() !== '') form[name] = value.trim();
    } else {
      form[name] = value;
    }
  }
  return form;
}

/** Whether something was written that would be missed; what was only suggested would not. */
export function isWorthKeeping(fields: readonly MoveField[], values: FormValues): boolean {
  const start = startValues(fields);
  return fields.some(
    ({ name }) => JSON.stringify(values[name] ?? null) !== JSON.stringify(start[name] ?? null),
  );
}

/** The fields that make sense as the form stands: who was not reached rated nothing. */
export function asked(fields: readonly MoveField[], values: FormValues): readonly MoveField[] {
  return values['reached'] === false ? fields.filter(({ kind }) => kind !== 'stars') : fields;
}

/** Kept values laid over the fields of today: what no field asks for any more is left out. */
export function restored(fields: readonly MoveField[], kept: FormValues): FormValues {
  const values = startValues(fields);
  for (const field of fields) {
    const value = kept[field.name];
    if (value === undefined) continue;
    const offered = new Set(field.choices.map((choice) => choice.value));
    const chosen = field.choices.length > 0 && field.kind !== 'ticket';
    if (chosen && isValue(value) && !offered.has(value)) continue;
    if (chosen && Array.isArray(value)) values[field.name] = value.filter((one) => offered.has(one));
    else values[field.name] = value;
  }
  return values;
}
