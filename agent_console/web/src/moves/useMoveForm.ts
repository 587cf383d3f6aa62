/** One move being filled in: kept as typed, sent once, and told when somebody was faster. */
import { computed, ref, shallowRef, watch, type Ref } from 'vue';

import { CutOff, Refused, sentence, understand, Unreachable } from '../api/http';
import { Ticket } from '../api/schema';
import type { Changed, Move, Reason } from '../tickets/schema';
import { ticketServer } from '../tickets/server';
import { asked, isWorthKeeping, restored, startValues, toSend, type FieldValue, type FormValues } from './form';
import { keptForms } from './keptForms';

export interface MoveTaken {
  /** The ticket as it stands after the move, or as somebody else left it. */
  take: (ticket: Ticket) => void;
  done: () => void;
}

export function useMoveForm(ticket: Readonly<Ref<Ticket>>, name: string, taken: MoveTaken) {
  const offered = computed(() => ticket.value.moves.find((move) => move.name === name) ?? null);
  /** The move as it was last offered: its form stays when it is offered no more. */
  const move = shallowRef<Move | null>(offered.value);
  const fields = computed(() => move.value?.fields ?? []);
  const kept = keptForms.get(ticket.value.id, name);
  const values = ref<FormValues>(
    kept === null ? startValues(fields.value) : restored(fields.value, kept),
  );
  const wasKept = ref(kept !== null);
  const errors = ref<Record<string, string>>({});
  /** What the server offers to write instead, where it found the reporter in a text. */
  const instead = ref<Readonly<Record<string, string>>>({});
  const problem = ref('');
  const reasons = shallowRef<Reason[]>([]);
  const allowed = shallowRef<string[]>([]);
  const busy = ref(false);
  const noRoom = ref(false);

  /** The version on whose sight the form was filled in, and when that was. */
  const seen = ref({ version: ticket.value.version, atMs: lastMs(ticket.value) });
  const told = shallowRef<Changed[]>([]);
  const overtaken = computed(() => ticket.value.version > seen.value.version);

  watch(offered, (now) => {
    if (now !== null) move.value = now;
  });

  function set(field: string, value: FieldValue): void {
    values.value = { ...values.value, [field]: value };
    errors.value = Object.fromEntries(
      Object.entries(errors.value).filter(([which]) => which !== field),
    );
    instead.value = Object.fromEntries(
      Object.entries(instead.value).filter(([which]) => which !== field),
    );
    wasKept.value = false;
    if (isWorthKeeping(fields.value, values.value)) {
      noRoom.value = !keptForms.put(ticket.value.id, name, values.value);
    } else {
      keptForms.drop(ticket.value.id, name);
    }
  }

  function failed(error: unknown): void {
    const refusal = error instanceof Refused ? error.problem : null;
    if (refusal?.status === 409 && refusal.current != null) {
      told.value = refusal.changes;
      taken.take(understand(Ticket, refusal.current, '工单'));
      return;
    }
    reasons.value = refusal?.reasons ?? [];
    allowed.value = (refusal?.allowed ?? []).map(({ label }) => label);
    const named = new Set(fields.value.map((field) => field.name));
    const errorList = refusal?.errors ?? [];
    errors.value = Object.fromEntries(
      errorList.filter(({ field }) => named.has(field)).map(({ field, message }) => [field, message]),
    );
    instead.value = refusal?.instead ?? {};
    const others = errorList.filter(({ field }) => !named.has(field)).map(({ message }) => message);
    if (error instanceof Unreachable) problem.value = unanswered(error);
    else if (others.length > 0) problem.value = others.join('；');
    else problem.value = errorList.length > 0 ? '请按红字提示修改后再提交' : sentence(error);
  }

  async function submit(): Promise<void> {
    if (busy.value || offered.value === null) return;
    if (overtaken.value) seen.value = { version: ticket.value.version, atMs: lastMs(ticket.value) };
    told.value = [];
    problem.value = '';
    reasons.value = [];
    allowed.value = [];
    busy.value = true;
    try {
      const form = toSend(asked(fields.value, values.value), values.value);
      const after = await ticketServer.move(ticket.value.id, seen.value.version, name, form);
      keptForms.drop(ticket.value.id, name);
      taken.done();
      taken.take(after);
    } catch (error) {
      failed(error);
    } finally {
      busy.value = false;
    }
  }

  /** The person gives it up: nothing of it is kept. */
  function giveUp(): void {
    keptForms.drop(ticket.value.id, name);
  }

  return {
    move, fields, values, set, errors, instead, problem, reasons, allowed, busy, noRoom, wasKept, offered,
    overtaken, told, seen, submit, giveUp,
  }; // prettier-ignore
}

/** Nobody knows what the server did; sent again it is told as somebody else's change, never done twice. */
function unanswered(error: Unreachable): string {
  const what = error instanceof CutOff ? '服务器的答复没有收全，可能已经提交' : '没有收到服务器的答复，可能没有提交';
  return `${what}。填写的内容保留在本机，请检查网络后再次提交，不会重复办理。`;
}

function lastMs(ticket: Ticket): number {
  return Math.max(0, ...ticket.timeline.map((entry) => entry.at_ms));
}
