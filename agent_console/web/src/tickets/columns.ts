/** The columns of the ticket list; which of them are shown is the person's own choice. */
import { ref, watch } from 'vue';

import type { Settings, TicketRow } from '../api/schema';
import { briefTime } from '../lib/time';
import { labelOf } from '../state/session';

export interface Column {
  name: string;
  label: string;
  width: number | undefined;
  kind: 'number' | 'words';
  text: (row: TicketRow, settings: Settings, nowMs: number) => string;
}

export const COLUMNS: readonly Column[] = [
  { name: 'number', label: '编号', width: 150, kind: 'number', text: (row) => row.number },
  {
    name: 'created',
    label: '建立时间',
    width: 150,
    kind: 'number',
    text: (row, settings, now) => briefTime(row.created_ms, now, settings.zone),
  },
  {
    name: 'caller',
    label: '来电号码',
    width: 128,
    kind: 'number',
    text: (row) => row.caller_masked ?? '',
  },
  {
    name: 'state',
    label: '状态',
    width: 96,
    kind: 'words',
    text: (row, settings) => settings.labels.ticket_states[row.state] ?? row.state,
  },
  {
    name: 'type',
    label: '类型',
    width: 92,
    kind: 'words',
    text: (row, settings) => labelOf(settings.types, row.type),
  },
  {
    name: 'class',
    label: '内容分类',
    width: 190,
    kind: 'words',
    text: (row, settings) => labelOf(settings.classes, row.content_class),
  },
  {
    name: 'company',
    label: '企业',
    width: 180,
    kind: 'words',
    text: (row) => row.company ?? '',
  },
  {
    name: 'text',
    label: '诉求内容',
    width: undefined,
    kind: 'words',
    text: (row) => row.text_head ?? '',
  },
  {
    name: 'disposition',
    label: '处理结果',
    width: 120,
    kind: 'words',
    text: (row, settings) => labelOf(settings.dispositions, row.disposition),
  },
  {
    name: 'agent',
    label: '话务员',
    width: 92,
    kind: 'words',
    text: (row) => row.agent_name ?? '',
  },
];

const KEY = 'hotline.ticket-columns';
const USUAL = ['number', 'created', 'caller', 'state', 'type', 'company', 'text', 'agent'];
/** Without the number a row could not be told from another. */
export const ALWAYS = 'number';

function stored(): Set<string> {
  const names = localStorage.getItem(KEY)?.split(',') ?? USUAL;
  const known = names.filter((name) => COLUMNS.some((column) => column.name === name));
  return new Set([ALWAYS, ...known]);
}

export const shownColumns = ref(stored());
watch(shownColumns, (names) => localStorage.setItem(KEY, [...names].join(',')));

export function toggleColumn(name: string): void {
  const names = new Set(shownColumns.value);
  if (!names.delete(name)) names.add(name);
  names.add(ALWAYS);
  shownColumns.value = names;
}
