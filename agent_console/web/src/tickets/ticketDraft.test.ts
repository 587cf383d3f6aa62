import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { Ticket } from '../api/schema';

const shelf = new Map<string, string>();
vi.stubGlobal('addEventListener', () => undefined);
vi.stubGlobal('localStorage', {
  getItem: (key: string) => shelf.get(key) ?? null,
  setItem: (key: string, value: string) => shelf.set(key, value),
  removeItem: (key: string) => shelf.delete(key),
  key: (index: number) => [...shelf.keys()][index] ?? null,
  get length() {
    return shelf.size;
  },
});

const { Refused, Unreachable } = await import('../api/http');
const { server } = await import('../api/server');
const { drafts } = await import('./draftStore');
const { TicketDraft } = await import('./ticketDraft');

const BASE = Ticket.parse({
  id: 7,
  number: '20261122-00007',
  version: 1,
  state: 'draft',
  type: null,
  content_class: null,
  company: '',
  text: '',
  disposition: null,
  complete: false,
  call_id: null,
  source: 'call',
  agent_name: null,
  account_id: 1,
  caller_masked: '138****0001',
  created_ms: 1,
  updated_ms: 1,
  timeline: [],
  recordings: [],
});

/** The server's side: keeps one ticket and refuses an old version, as the real one does. */
class Desk {
  ticket = { ...BASE };
  away = false;
  readonly saves: Record<string, string | number | null>[] = [];

  refuses = '';

  save(version: number, fields: Record<string, string | number | null>): Promise<Ticket> {
    if (this.away) return Promise.reject(new Unreachable());
    if (version !== this.ticket.version) return Promise.reject(conflict(this.ticket));
    if (this.refuses !== '' && fields['text'] === this.refuses) return Promise.reject(tooMuch());
    this.saves.push(fields);
    this.ticket = Ticket.parse({ ...this.ticket, ...fields, version: version + 1 });
    return Promise.resolve(this.ticket);
  }
}

function tooMuch(): Error {
  const errors = [{ field: 'text', message: '含有来电人的姓名' }];
  return new Refused({ title: '', status: 422, errors, instead: { text: '司**反映' } });
}

function conflict(current: Ticket): Error {
  return new Refused({ title: '', status: 409, detail: '工单已被修改', errors: [], current });
}

let desk: Desk;

async function opened(): Promise<InstanceType<typeof TicketDraft>> {
  const draft = new TicketDraft(7);
  await draft.load();
  return draft;
}

beforeEach(() => {
  vi.useFakeTimers();
  shelf.clear();
  drafts.belongTo(1);
  desk = new Desk();
  vi.spyOn(server, 'ticket').mockImplementation(() =>
    desk.away ? Promise.reject(new Unreachable()) : Promise.resolve(desk.ticket),
  );
  vi.spyOn(server, 'saveTicket').mockImplementation((_, version, fields) =>
    desk.save(version, fields),
  );
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

describe('saving as typed', () => {
  it('sends once after a pause, and then keeps no copy here', async () => {
    const draft = await opened();
    draft.set('text', '来电人');
    draft.set('text', '来电人咨询');
    expect(shelf.size).toBe(1);
    await vi.runAllTimersAsync();
    expect(desk.saves).toEqual([{ text: '来电人咨询' }]);
    expect(draft.saving.value.state).toBe('saved');
    expect(shelf.size).toBe(0);
  });
  it('given typing goes on during a save, sends the rest against the new version', async () => {
    const draft = await opened();
    draft.set('text', '一');
    const first = draft.flush();
    draft.set('text', '一二');
    await first;
    await vi.runAllTimersAsync();
    expect(desk.saves).toEqual([{ text: '一' }, { text: '一二' }]);
    expect(draft.value('text')).toBe('一二');
  });
  it('sends a choice taken back as none', async () => {
    desk.ticket.type = 'help';
    const draft = await opened();
    draft.set('type', '');
    await vi.runAllTimersAsync();
    expect(desk.saves).toEqual([{ type: null }]);
  });
});

describe('without the server', () => {
  it('keeps the text here and sends it when the server is back', async () => {
    const draft = await opened();
    desk.away = true;
    draft.set('text', '断网时写的');
    await draft.flush();
    expect(draft.saving.value.state).toBe('kept');
    expect(drafts.get(7)?.edits).toEqual({ text: '断网时写的' });
    desk.away = false;
    await vi.runAllTimersAsync();
    expect(desk.ticket.text).toBe('断网时写的');
    expect(drafts.get(7)).toBeNull();
  });
  it('given the page was closed, brings the text back and sends it', async () => {
    desk.away = true;
    const closed = new TicketDraft(7);
    desk.away = false;
    await closed.load();
    desk.away = true;
    closed.set('text', '最后一句');
    await closed.flush();
    desk.away = false;
    const draft = await opened();
    expect(draft.value('text')).toBe('最后一句');
    expect(draft.restored.value).toBe(true);
    await vi.runAllTimersAsync();
    expect(desk.ticket.text).toBe('最后一句');
  });
  it('given the closing page had reached the server, restores nothing', async () => {
    const draft = await opened();
    draft.set('text', '最后一句');
    desk.ticket = { ...desk.ticket, text: '最后一句', version: 2 };
    const again = await opened();
    expect(again.restored.value).toBe(false);
    expect(drafts.get(7)).toBeNull();
  });
});

describe('a text in which the reporter stands', () => {
  it('is held back and kept here, the other fields are saved, and it is not handed in', async () => {
    desk.refuses = '司徒埋名反映';
    const complete = vi.spyOn(server, 'completeTicket');
    const draft = await opened();
    draft.set('text', '司徒埋名反映');
    draft.set('type', 'help');
    await vi.runAllTimersAsync();
    expect(desk.saves).toEqual([{ type: 'help' }]);
    expect(draft.errors.value).toEqual([{ field: 'text', message: '含有来电人的姓名' }]);
    expect(draft.saving.value.state).toBe('refused');
    expect(draft.value('text')).toBe('司徒埋名反映');
    expect(shelf.size).toBe(1);
    expect(await draft.complete()).toBe(false);
    expect(complete).not.toHaveBeenCalled();
  });
  it('given what is offered instead is taken, is saved', async () => {
    desk.refuses = '司徒埋名反映';
    const draft = await opened();
    draft.set('text', '司徒埋名反映');
    await vi.runAllTimersAsync();
    draft.set('text', draft.instead.value['text'] ?? '');
    expect(draft.errors.value).toEqual([]);
    expect(draft.instead.value).toEqual({});
    await vi.runAllTimersAsync();
    expect(desk.saves).toEqual([{ text: '司**反映' }]);
    expect(draft.saving.value.state).toBe('saved');
    expect(shelf.size).toBe(0);
  });
});

describe('two people at one ticket', () => {
  it('keeps both when they wrote in different fields', async () => {
    const draft = await opened();
    desk.ticket = { ...desk.ticket, company: '甲公司', version: 2 };
    draft.set('text', '来电人咨询');
    await vi.runAllTimersAsync();
    expect(desk.ticket).toMatchObject({ company: '甲公司', text: '来电人咨询' });
    expect(draft.clashes.value).toEqual([]);
  });
  it('given the same field, shows both, sends the others and waits for a person', async () => {
    const draft = await opened();
    desk.ticket = { ...desk.ticket, text: '他人的', version: 2 };
    draft.set('text', '我的');
    draft.set('company', '甲公司');
    await vi.runAllTimersAsync();
    expect(draft.clashes.value).toEqual([{ field: 'text', mine: '我的', theirs: '他人的' }]);
    expect(draft.value('text')).toBe('我的');
    expect(desk.ticket).toMatchObject({ company: '甲公司', text: '他人的' });
    draft.settle('text', 'mine');
    await vi.runAllTimersAsync();
    expect(desk.ticket.text).toBe('我的');
  });
  it('given the person takes the other text, theirs stands', async () => {
    const draft = await opened();
    desk.ticket = { ...desk.ticket, text: '他人的', version: 2 };
    draft.set('text', '我的');
    await vi.runAllTimersAsync();
    draft.settle('text', 'theirs');
    await vi.runAllTimersAsync();
    expect(draft.value('text')).toBe('他人的');
    expect(desk.ticket.text).toBe('他人的');
  });
  it('given the feed tells of a newer version, shows it', async () => {
    const draft = await opened();
    desk.ticket = { ...desk.ticket, company: '甲公司', version: 2 };
    await draft.heard(2);
    expect(draft.value('company')).toBe('甲公司');
  });

  it('given the calendar moved its deadline, shows it beside what is typed, of the same version', async () => {
    const draft = await opened();
    draft.set('text', '来电人咨询');
    desk.ticket = { ...desk.ticket, due_ms: 5, due_kind: 'done' };
    await draft.heard(1, true);
    expect(draft.ticket.value?.due_ms).toBe(5);
    expect(draft.value('text')).toBe('来电人咨询');
    expect(draft.ticket.value?.version).toBe(1);
  });
});

describe('the feed', () => {
  it('given its own save is told, reads nothing; told again, reads what changed beside it', async () => {
    const draft = await opened();
    draft.set('text', '来电人');
    await vi.runAllTimersAsync();
    const reads = vi.mocked(server.ticket).mock.calls.length;
    await draft.heard(2);
    expect(server.ticket).toHaveBeenCalledTimes(reads);
    await draft.heard(2);
    expect(server.ticket).toHaveBeenCalledTimes(reads + 1);
    await draft.heard(1);
    expect(server.ticket).toHaveBeenCalledTimes(reads + 1);
  });
  it('given a file was hung on a ticket that was only read, reads it again', async () => {
    const draft = await opened();
    await draft.heard(1);
    expect(server.ticket).toHaveBeenCalledTimes(2);
  });
  it('given an earlier reading is answered after a later one, the file of the later stays', async () => {
    const draft = await opened();
    const answers: ((ticket: Ticket) => void)[] = [];
    vi.mocked(server.ticket).mockImplementation(
      () => new Promise((resolve) => answers.push(resolve)),
    );
    const readings = [draft.load(), draft.load()];
    const file = { id: 1, name: '现场.png', media: 'image/png', size_bytes: 9, at_ms: 1 };
    answers[1]?.(Ticket.parse({ ...BASE, attachments: [file] }));
    answers[0]?.(BASE);
    await Promise.all(readings);
    expect(draft.ticket.value?.attachments).toHaveLength(1);
  });
  it('given a move is told before its answer is here, the file after it is read', async () => {
    const draft = await opened();
    desk.ticket = { ...desk.ticket, version: 2 };
    await draft.heard(2);
    draft.show(desk.ticket);
    const reads = vi.mocked(server.ticket).mock.calls.length;
    await draft.heard(2);
    expect(server.ticket).toHaveBeenCalledTimes(reads + 1);
  });
});

describe('handing in', () => {
  it('sends what is typed first, then completes that version', async () => {
    const completed = vi
      .spyOn(server, 'completeTicket')
      .mockImplementation((_, version) =>
        Promise.resolve({ ...desk.ticket, complete: true, state: 'closed', version: version + 1 }),
      );
    const draft = await opened();
    draft.set('text', '来电人咨询');
    expect(await draft.complete()).toBe(true);
    expect(completed).toHaveBeenCalledWith(7, 2, {});
    expect(draft.ticket.value?.complete).toBe(true);
  });
  it('given fields are missing, names each and loses nothing', async () => {
    const errors = [{ field: 'type', message: '请选择诉求类型' }];
    vi.spyOn(server, 'completeTicket').mockRejectedValue(
      new Refused({ title: '', status: 422, detail: null, errors, current: undefined }),
    );
    const draft = await opened();
    draft.set('text', '来电人咨询');
    expect(await draft.complete()).toBe(false);
    expect(draft.errors.value).toEqual(errors);
    draft.set('type', 'help');
    expect(draft.errors.value).toEqual([]);
    expect(draft.value('text')).toBe('来电人咨询');
  });
});
