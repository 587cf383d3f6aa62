/** What the left side of a ticket says about marks and terms. Pure. */
import type { Ticket } from '../api/schema';
import { spanOf } from './due';
import type { Term } from './schema';

export interface Mark {
  text: string;
  kind: 'red' | 'amber';
}

/** What makes this ticket unlike others: lists it stands on, what was ruled, how often it came. */
export function markLabels(
  ticket: Pick<Ticket, 'special' | 'ruled' | 'rectified' | 'returned' | 'extended' | 'repeats' | 'lists'>,
  lists: Readonly<Record<string, string>>,
): Mark[] {
  const marks: Mark[] = ticket.lists
    .filter(({ closed_ms }) => closed_ms === null)
    .map(({ list }) => ({ text: lists[list] ?? list, kind: 'red' }));
  if (ticket.rectified) marks.push({ text: '已发整改函', kind: 'red' });
  if (ticket.special) marks.push({ text: '疑难复杂', kind: 'amber' });
  if (ticket.ruled) marks.push({ text: '研判裁定，不得退回', kind: 'amber' });
  if (ticket.returned > 0) marks.push({ text: `退回 ${ticket.returned} 次`, kind: 'amber' });
  if (ticket.extended > 0) marks.push({ text: `延期 ${ticket.extended} 个工作日`, kind: 'amber' });
  if (ticket.repeats > 0) marks.push({ text: `重复反映 ${ticket.repeats + 1} 次`, kind: 'amber' });
  return marks;
}

export interface TermLine {
  kind: string;
  round: number;
  dueMs: number;
  provisional: boolean;
  /** The end that was set first, when it was moved since; null when it was not. */
  movedFromMs: number | null;
  state: 'open' | 'late' | 'met' | 'void';
  word: string;
}

/** Terms that run first, then those that ended, the newest of them first. */
export function termLines(terms: readonly Term[]): TermLine[] {
  const lines = terms.map((term) => ({
    kind: term.kind,
    round: term.round,
    dueMs: term.due_ms,
    provisional: term.provisional && term.ended_ms === null,
    movedFromMs:
      term.first_due_ms !== null && term.first_due_ms !== term.due_ms ? term.first_due_ms : null,
    ...judged(term),
  }));
  const running = lines.filter((_, index) => terms[index]?.ended_ms === null);
  const ended = lines.filter((_, index) => terms[index]?.ended_ms !== null);
  return [...running, ...ended.reverse()];
}

function judged(term: Term): Pick<TermLine, 'state' | 'word'> {
  const late = term.late === null ? '' : ` ${spanOf(term.late)}`;
  if (term.ended_ms === null) {
    return term.late === null ? { state: 'open', word: '进行中' } : { state: 'late', word: `已超期${late}` };
  }
  if (term.met === null) return { state: 'void', word: '未计' };
  return term.met ? { state: 'met', word: '按期' } : { state: 'late', word: `超期${late}` };
}
