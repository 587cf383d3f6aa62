/** Two people, one ticket: bringing typed text and the server's version together. Pure. */
import { FIELDS, type Field, type Values } from './draftStore';

export interface Clash {
  field: Field;
  mine: string | null;
  theirs: string | null;
}

export interface Merged {
  /** What is still to be sent, field by field. */
  edits: Partial<Values>;
  /** Fields both have changed, each to something else: a person decides. */
  clashes: Clash[];
}

/** Empty text and no text are the same to a person. */
export function same(one: string | null | undefined, other: string | null | undefined): boolean {
  return (one ?? '') === (other ?? '');
}

/**
 * `base`: the server's values that were on screen when typing began; `edits`: what was typed;
 * `theirs`: the server's values now. Fields not typed in take the server's value.
 */
export function merge(base: Partial<Values>, edits: Partial<Values>, theirs: Values): Merged {
  const merged: Merged = { edits: {}, clashes: [] };
  for (const field of FIELDS) {
    if (!(field in edits)) continue;
    const mine = edits[field] ?? null;
    if (same(mine, theirs[field])) continue;
    if (field in base && same(base[field], theirs[field])) {
      merged.edits[field] = mine;
    } else {
      merged.clashes.push({ field, mine, theirs: theirs[field] });
    }
  }
  return merged;
}

/** The form's fields of a ticket, each as the text in which it is kept and compared. */
export function valuesOf(
  ticket: Omit<Values, 'complained_unit_id'> & { complained_unit_id: number | string | null },
): Values {
  const { type, content_class, company, text, disposition, region, credit_code } = ticket;
  const complained = ticket.complained_unit_id;
  return {
    type,
    content_class,
    company,
    text,
    disposition,
    region,
    credit_code,
    complained_unit_id: complained === null ? null : String(complained),
  };
}
