/** The columns of ticket lists; which of them are shown is the person's own choice, list by list. */
import { ref, watch, type Ref } from 'vue';

import type { Settings, TicketRow } from '../api/schema';
import { briefTime } from '../lib/time';
import { labelOf } from '../state/session';

export interface Column {
  name: string;
  label: string;
  width: number | undefined;
  /** `due` is drawn as a mark, the others as their text. */
  kind: 'number' | 'words' | 'due';
  text: (row: TicketRow, settings: Settings, nowMs: number) => string;
}

export const COLUMNS: readonly Column[] = [
  { name: 'number', label: '编号', width: 136, kind: 'number', text: (row) => row.number },
  { name: 'due', label: '期限', width: 228, kind: 'due', text: () => '' },
  {
    name: 'created',
    label: '建立时间',
    width: 142,
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
    width: 84,
    kind: 'words',
    text: (row, settings) => labelOf(settings.types, row.type),
  },
  {
    name: 'class',
    label: '内容分类',
    width: 150,
    kind: 'words',
    text: (row, settings) => row.class_label ?? labelOf(settings.classes, row.content_class),
  },
  {
    name: 'company',
    label: '企业',
    width: 148,
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
    name: 'unit',
    label: '主办单位',
    width: 120,
    kind: 'words',
    text: (row) => row.unit_name ?? '',
  },
  {
    name: 'difficulty',
    label: '难易',
    width: 70,
    kind: 'words',
    text: (row, settings) => settings.labels.difficulties[row.difficulty ?? ''] ?? '',
  },
  {
    name: 'round',
    label: '轮次',
    width: 72,
    kind: 'words',
    text: (row) => (row.round > 0 ? `第 ${row.round} 次` : ''),
  },
  {
    name: 'repeats',
    label: '重复',
    width: 64,
    kind: 'words',
    text: (row) => (row.repeats > 0 ? `${row.repeats + 1} 次` : ''),
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

/** Without the number a row could not be told from another. */
export const ALWAYS = 'number';

/** What a list shows before anybody chose; a desk of its own names what its work needs. */
const USUAL: Readonly<Record<string, readonly string[]>> = {
  all: ['number', 'due', 'state', 'company', 'text', 'unit', 'created'],
  drafts: ['number', 'created', 'caller', 'type', 'company', 'text'],
  dispatch: ['number', 'due', 'type', 'class', 'company', 'text', 'repeats'],
  review: ['number', 'due', 'type', 'class', 'company', 'text'],
  unit: ['number', 'due', 'state', 'class', 'company', 'text', 'round'],
  assist: ['number', 'due', 'unit', 'class', 'company', 'text'],
};
const DESK = ['number', 'due', 'unit', 'class', 'company', 'text', 'round'];

export interface ColumnChoice {
  shown: Ref<ReadonlySet<string>>;
  toggle: (name: string) => void;
}

const choices = new Map<string, ColumnChoice>();
const keyOf = (list: string): string =>
  list === 'all' ? 'hotline.ticket-columns' : `hotline.desk-columns.${list}`;

function stored(list: string): Set<string> {
  const names = localStorage.getItem(keyOf(list))?.split(',') ?? USUAL[list] ?? DESK;
  const known = names.filter((name) => COLUMNS.some((column) => column.name === name));
  return new Set([ALWAYS, ...known]);
}

/** The choice for a list: `all`, or the name of a desk. */
export function columnsOf(list: string): ColumnChoice {
  const known = choices.get(list);
  if (known !== undefined) return known;
  const shown = ref<ReadonlySet<string>>(stored(list));
  watch(shown, (names) => localStorage.setItem(keyOf(list), [...names].join(',')));
  const choice: ColumnChoice = {
    shown,
    toggle(name) {
      const names = new Set(shown.value);
      if (!names.delete(name)) names.add(name);
      names.add(ALWAYS);
      shown.value = names;
    },
  };
  choices.set(list, choice);
  return choice;
}
