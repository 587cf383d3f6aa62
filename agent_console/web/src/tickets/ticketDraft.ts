/** One ticket being written: saved as typed, never losing a word. */
import { reactive, ref, shallowRef, type Ref, type ShallowRef } from 'vue';

import { Refused, sentence, tellWhileClosing, understand, Unreachable } from '../api/http';
import { Ticket } from '../api/schema';
import { server } from '../api/server';
import { serverNow } from '../lib/clock';
import { drafts, FIELDS, type Field, type Values } from './draftStore';
import { merge, same, valuesOf, type Clash } from './merge';

export type Saving =
  | { state: 'idle' }
  | { state: 'saving' }
  | { state: 'saved'; atMs: number }
  /** Not sent: kept on this computer, sent when the network is back. */
  | { state: 'kept' }
  | { state: 'refused'; why: string };

const TO_MEND: Saving = { state: 'refused', why: '请按红字提示修改' };
const PAUSE_MS = 800;
const RETRY_MS = 4_000;

/** Drafts open in this page, so that signing out can send what is left. */
const opened = new Set<TicketDraft>();

export class TicketDraft {
  readonly ticket: ShallowRef<Ticket | null> = shallowRef(null);
  readonly failed: Ref<string> = ref('');
  readonly saving: Ref<Saving> = ref({ state: 'idle' });
  readonly completing: Ref<boolean> = ref(false);
  readonly errors: Ref<{ field: string; message: string }[]> = ref([]);
  readonly clashes: Ref<Clash[]> = ref([]);
  readonly restored: Ref<boolean> = ref(false);
  /** What the server offers to write instead, where it found the reporter in a text. */
  readonly instead: Ref<Readonly<Record<string, string>>> = ref({});
  readonly #edits: Partial<Values> = reactive({});
  /** The server's value on which each edit was made. */
  #base: Partial<Values> = {};
  /** Refused as they are typed: the other fields are saved without them. */
  readonly #held = new Set<Field>();
  /** The newest version that the feed told of, and the one of mine that it has not told yet. */
  #heard = 0;
  #mine = 0;
  /** How many times it was asked for, and which of these readings is shown. */
  #asked = 0;
  #shown = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #sending: Promise<void> | null = null;

  constructor(readonly id: number) {
    opened.add(this);
  }

  /** Reads the ticket and brings back what this computer still keeps of it. */
  async load(): Promise<void> {
    this.failed.value = '';
    this.#asked += 1;
    const asked = this.#asked;
    try {
      const ticket = await server.ticket(this.id);
      if (this.#overtaken(asked, ticket)) return;
      this.#shown = asked;
      const kept = this.ticket.value === null ? drafts.get(this.id) : null;
      if (kept !== null) {
        this.#base = { ...kept.base };
        Object.assign(this.#edits, kept.edits);
      }
      this.#take(ticket);
      this.restored.value = kept !== null && this.#pending();
      if (this.#pending()) this.#schedule(0);
    } catch (error) {
      if (this.ticket.value === null) this.failed.value = sentence(error);
    }
  }

  /** What was asked for earlier and comes later may lack what hangs beside the version: a file. */
  #overtaken(asked: number, answer: Ticket): boolean {
    return asked < this.#shown && answer.version <= (this.ticket.value?.version ?? 0);
  }

  value(field: Field): string {
    return (field in this.#edits ? this.#edits[field] : this.#kept(field)) ?? '';
  }

  set(field: Field, value: string): void {
    if (same(value, this.value(field))) return;
    if (!(field in this.#edits)) this.#base[field] = this.#kept(field);
    this.#edits[field] = value;
    this.#held.delete(field);
    this.clearError(field);
    this.#keep();
    this.#schedule(PAUSE_MS);
  }

  /** The field is being put right. */
  clearError(field: string): void {
    this.errors.value = this.errors.value.filter((error) => error.field !== field);
    this.instead.value = Object.fromEntries(
      Object.entries(this.instead.value).filter(([name]) => name !== field),
    );
  }

  /** The person decides a clash: their own words or the other's. */
  settle(field: Field, choice: 'mine' | 'theirs'): void {
    const clash = this.clashes.value.find((one) => one.field === field);
    if (clash === undefined) return;
    this.clashes.value = this.clashes.value.filter((one) => one !== clash);
    if (choice === 'theirs') this.#forgetEdit(field);
    else this.#base[field] = clash.theirs;
    this.#keep();
    this.#schedule(0);
  }

  /** Sends what is typed; false when something could not be sent. */
  async flush(): Promise<boolean> {
    clearTimeout(this.#timer);
    if (this.#sending !== null) await this.#sending;
    if (this.#pending()) {
      this.#sending = this.#send().finally(() => (this.#sending = null));
      await this.#sending;
    }
    return !this.#pending() && this.clashes.value.length === 0 && this.#held.size === 0;
  }

  /** Hands the form in; true when the server took it. */
  async complete(form: Record<string, string> = {}): Promise<boolean> {
    this.completing.value = true;
    try {
      if (!(await this.flush())) return false;
      const version = this.ticket.value?.version;
      if (version === undefined) return false;
      const done = await server.completeTicket(this.id, version, form);
      this.#did(done);
      this.#take(done);
      this.errors.value = [];
      return true;
    } catch (error) {
      this.#failed(error);
      return false;
    } finally {
      this.completing.value = false;
    }
  }

  /** A move was done with it, or somebody else was faster: this is how it stands now. */
  show(ticket: Ticket): void {
    this.#did(ticket);
    this.#take(ticket);
  }

  /** It was taken from this person's unit: nothing of it is shown any more. */
  gone(): void {
    this.failed.value = '工单已转出，不再由您的单位办理';
  }

  /**
   * The feed says the ticket has this version now, or the same one and another deadline. What I
   * did myself is told once and known already; told of the same version without that, something
   * changed beside it: a file.
   */
  async heard(version: number, reckoned = false): Promise<void> {
    if (this.#sending !== null) await this.#sending;
    const known = this.#mine === version && !reckoned;
    this.#heard = Math.max(this.#heard, version);
    if (known) this.#mine = 0;
    else if (reckoned || (this.ticket.value?.version ?? 0) <= version) await this.load();
  }

  /** This version is here already, and the feed is still to tell of it. */
  #did(ticket: Ticket): void {
    if (ticket.version > this.#heard) this.#mine = ticket.version;
  }

  /** The network is back. */
  retry(): void {
    if (this.ticket.value === null) void this.load();
    else if (this.#pending()) this.#schedule(0);
  }

  /** The page is closing: one last word to the server; the copy here stays until it is certain. */
  farewell(): void {
    const version = this.ticket.value?.version;
    if (this.#pending() && version !== undefined) {
      tellWhileClosing('PATCH', `/tickets/${this.id}`, { version, ...this.#sendable() });
    }
  }

  /** Leaving the ticket inside the page. */
  close(): void {
    opened.delete(this);
    if (this.#pending()) void this.flush();
    clearTimeout(this.#timer);
  }

  /** The server's value, as text. */
  #kept(field: Field): string | null {
    return this.ticket.value === null ? null : valuesOf(this.ticket.value)[field];
  }

  #sendable(): Sent {
    const blocked = new Set(this.clashes.value.map((clash) => clash.field));
    const entries = FIELDS.filter(
      (field) => field in this.#edits && !blocked.has(field) && !this.#held.has(field),
    ).map(
      (field) => [field, toSend(field, this.#edits[field] ?? '')] as const,
    );
    return Object.fromEntries(entries);
  }

  #pending(): boolean {
    return Object.keys(this.#sendable()).length > 0;
  }

  #schedule(pauseMs: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.flush(), pauseMs);
  }

  async #send(): Promise<void> {
    const version = this.ticket.value?.version;
    if (version === undefined) return;
    const sent = this.#sendable();
    this.saving.value = { state: 'saving' };
    try {
      const saved = await server.saveTicket(this.id, version, { ...sent });
      this.#did(saved);
      for (const field of FIELDS) {
        if (!(field in sent)) continue;
        if (same(this.#edits[field], words(sent[field]))) this.#forgetEdit(field);
        else this.#base[field] = valuesOf(saved)[field];
      }
      this.#take(saved);
      this.saving.value =
        this.#held.size > 0 ? TO_MEND : { state: 'saved', atMs: serverNow() };
    } catch (error) {
      this.#failed(error);
      this.#hold(error, sent);
    }
  }

  /** What is wrong is mended by the person; the rest need not wait for it. */
  #hold(error: unknown, sent: Sent): void {
    if (!(error instanceof Refused) || error.status !== 422) return;
    const wrong = FIELDS.filter((field) => field in sent && error.fieldMessage(field) !== null);
    for (const field of wrong) {
      // Typed anew while it was under way: that is tried as it is now.
      if (same(this.#edits[field], words(sent[field]))) this.#held.add(field);
    }
    if (wrong.length === 0) return;
    this.saving.value = TO_MEND;
    if (this.#pending()) this.#schedule(0);
  }

  #failed(error: unknown): void {
    const problem = error instanceof Refused ? error.problem : null;
    if (problem?.status === 409 && problem.current != null) {
      this.#take(understand(Ticket, problem.current, '工单'));
      this.saving.value = { state: 'idle' };
      if (this.#pending()) this.#schedule(0);
    } else if (problem?.status === 422 || problem?.status === 409) {
      const told = problem.errors.length > 0 ? problem.errors : [{ field: '', message: sentence(error) }];
      // What was held back before was not sent again, and is as wrong as it was.
      const before = this.errors.value.filter((one) => this.#held.has(one.field as Field));
      this.errors.value = [...before, ...told];
      this.instead.value = { ...this.instead.value, ...(problem.instead ?? {}) };
      this.saving.value = { state: 'idle' };
      // Handed in elsewhere meanwhile: show it as it stands now.
      if (problem.status === 409) void this.load();
    } else if (error instanceof Unreachable || problem?.status === 401 || (problem?.status ?? 0) >= 500) {
      this.saving.value = { state: 'kept' };
      this.#schedule(RETRY_MS);
    } else {
      this.saving.value = { state: 'refused', why: sentence(error) };
    }
  }

  /** The server's ticket, newer than ours: what is typed is laid over it. */
  #take(ticket: Ticket): void {
    if (ticket.version < (this.ticket.value?.version ?? 0)) return;
    this.ticket.value = ticket;
    const merged = merge(this.#base, this.#edits, valuesOf(ticket));
    this.clashes.value = merged.clashes;
    for (const field of FIELDS) {
      const clashing = merged.clashes.some((clash) => clash.field === field);
      if (!(field in merged.edits) && !clashing) this.#forgetEdit(field);
    }
    this.#keep();
  }

  #forgetEdit(field: Field): void {
    // eslint-disable-next-line @typescript-eslint/no-dynamic-delete -- a record of eight fields
    delete this.#edits[field];
    this.#base = Object.fromEntries(Object.entries(this.#base).filter(([name]) => name !== field));
  }

  #keep(): void {
    if (Object.keys(this.#edits).length === 0) drafts.drop(this.id);
    else drafts.put(this.id, { ...this.#base }, { ...this.#edits });
  }
}

type Sent = Partial<Record<Field, string | number | null>>;

/** A choice taken back is none at all; an emptied text is an empty text; a unit is its number. */
function toSend(field: Field, value: string): string | number | null {
  const words = field === 'company' || field === 'text' || field === 'region';
  if (value === '' && !words) return null;
  return field === 'complained_unit_id' ? Number(value) : value;
}

function words(value: string | number | null | undefined): string | null {
  return value == null ? null : String(value);
}

/** Sends everything typed in this page; false when some of it could not be sent. */
export async function flushAll(): Promise<boolean> {
  const sent = await Promise.all([...opened].map((draft) => draft.flush()));
  return sent.every(Boolean);
}

addEventListener('pagehide', () => opened.forEach((draft) => draft.farewell()));
