/// <reference types="node" />
import { readFileSync } from 'node:fs';

import { describe, expect, it } from 'vitest';

import { Party } from '../api/schema';
import {
  hangUpHint,
  inOrder,
  placeWords,
  roleWords,
  stateOf,
  stepsOf,
  TABLE,
  whyNot,
  whyNotParty,
  type State,
  type Talk,
} from './conversation';

const party = (role: string, more: object = {}): Party =>
  Party.parse({ leg: `${role}-1`, role, place: 'in', ...more });
const caller = party('caller');
const agent = party('agent', { kind: 'seat', seat_id: 7, label: '王小丽' });
const expert = party('other', { kind: 'expert', expert_id: 3, label: '张三（市场监管局）' });
const talk = (state: State, ...parties: Party[]): Talk => ({
  state,
  parties: parties.length > 0 ? parties : [caller, agent],
  mySeat: 7,
});
const verbs = (one: Talk): string[] => stepsOf(one).map(({ verb }) => verb);

/** The controller's table, read from its source: verb → state → sentence ('' where it acts). */
function controllersTable(): Record<string, Record<string, string>> {
  const source = readFileSync(
    new URL('../../../../ivr/conversation_table.py', import.meta.url),
    'utf8',
  );
  const constants = Object.fromEntries(
    [...source.matchAll(/^([A-Z_]+) = "([^"]+)"$/gm)].map(([, name, words]) => [name, words]),
  ) as Record<string, string>;
  const away = Object.fromEntries(
    [...(/^AWAY = \{(.+)\}$/m.exec(source)?.[1] ?? '').matchAll(/"(\w+)": (\w+)/g)].map(
      ([, state, name]) => [state, constants[name ?? '']],
    ),
  ) as Record<string, string>;
  const states = Object.keys(TABLE.hold);
  const value = (cell: string): string =>
    cell.startsWith('moves.') ? '' : cell.startsWith('"') ? cell.slice(1, -1) : constants[cell] ?? '?';
  const rows: Record<string, Record<string, string>> = {};
  const shape = /^ {4}"(\w+)": (_of_agent|_row)\(([\s\S]*?)\),$/gm;
  for (const [, verb = '', maker, body = ''] of source.matchAll(shape)) {
    const first = /^\s*(moves\.\w+|"[^"]+")/.exec(body)?.[1];
    const row: Record<string, string> = {};
    if (maker === '_row' && first) for (const state of states) row[state] = value(first);
    if (maker === '_of_agent' || body.includes('**AWAY')) Object.assign(row, away);
    for (const [, state = '', cell = ''] of body.matchAll(/(\w+)=(moves\.\w+|"[^"]+"|[A-Z_]+)/g)) {
      row[state] = value(cell);
    }
    rows[verb] = row;
  }
  return rows;
}

describe('the table of buttons', () => {
  const theirs = controllersTable();
  it.each(Object.keys(TABLE))('says of %s what the controller says', (verb) => {
    expect(TABLE[verb as keyof typeof TABLE]).toEqual(theirs[verb]);
  });
  it('knows every state that the controller names', () => {
    const source = readFileSync(
      new URL('../../../../ivr/conversation.py', import.meta.url),
      'utf8',
    );
    const block = /^STATES = \{\n([\s\S]*?)\n\}/m.exec(source)?.[1] ?? '';
    const named = [...block.matchAll(/"(\w+)":/g)].map(([, state]) => state);
    expect(Object.keys(TABLE.hold).sort()).toEqual(named.sort());
  });
});

describe('what can be pressed', () => {
  it('given a second one rings, no third is rung, and the ringing one can be cancelled', () => {
    const rings = talk('conference', caller, agent, expert, party('other', { place: 'ringing' }));
    expect(whyNot('invite', rings)).toContain('正在呼叫');
    expect(whyNot('cancel', rings)).toBe('');
    expect(whyNot('cancel', talk('conference', caller, agent, expert))).toContain('没有正在呼叫');
  });
  it('given three others, nobody else is asked', () => {
    const full = talk('conference', caller, agent, expert, expert, expert);
    expect(whyNot('consult', full)).toBe('通话人数已到上限');
  });
  it('removes others, never the caller or the agent', () => {
    const three = talk('conference', caller, agent, expert);
    expect(whyNotParty('drop', expert, three)).toBe('');
    expect(whyNotParty('drop', caller, three)).toContain('挂机');
    expect(whyNotParty('mute', { ...expert, place: 'ringing' }, three)).toBe('该方尚未接通');
    expect(whyNotParty('mute', caller, talk('lost'))).toContain('尚未恢复');
  });
});

describe('the steps beside the parties', () => {
  it('given a plain talk, there are none', () => {
    expect(verbs(talk('talking'))).toEqual([]);
    expect(verbs(talk('held'))).toEqual([]);
  });
  it('given it rings, it can be cancelled', () => {
    const rung = { ...expert, place: 'ringing' };
    expect(verbs(talk('asking', caller, agent, rung))).toEqual(['cancel']);
    expect(verbs(talk('inviting', caller, agent, rung))).toEqual(['cancel']);
  });
  it('given a consultation, she goes back, swaps, joins or leaves, always in this order', () => {
    const order = ['back', 'swap', 'join', 'leave'];
    expect(verbs(talk('consulting', caller, agent, expert))).toEqual(order);
    expect(verbs(talk('aside', caller, agent, expert))).toEqual(order);
    expect(verbs(talk('conference', caller, agent, expert))).toEqual(['leave']);
  });
  it('given one still waits beside a conference, he can be brought in', () => {
    const waits = { ...expert, place: 'held' };
    expect(verbs(talk('conference', caller, agent, expert, waits))).toEqual(['join', 'leave']);
    expect(whyNot('join', talk('conference', caller, agent, expert))).toBe('已经是三方通话');
  });
  it('names an expert, or whoever else it is', () => {
    const label = (one: Talk): string => stepsOf(one).at(-1)?.label ?? '';
    expect(label(talk('conference', caller, agent, expert))).toBe('退出并留下专家');
    const seat = party('other', { kind: 'seat', seat_id: 8 });
    expect(label(talk('conference', caller, agent, seat))).toBe('退出并留下对方');
  });
  it('given the agent is away, there is nothing to press', () => {
    expect(verbs(talk('lost'))).toEqual([]);
    expect(verbs(talk('handing'))).toEqual([]);
  });
});

describe('words', () => {
  it('says who each one is', () => {
    expect(roleWords(caller, 7)).toBe('来电人');
    expect(roleWords(agent, 7)).toBe('我');
    expect(roleWords(agent, 8)).toBe('座席');
    expect(roleWords(expert, 7)).toBe('专家');
    expect(roleWords(party('supervisor', { kind: 'listen', place: 'apart' }), 7)).toBe('班长旁听');
  });
  it('says where each one is', () => {
    const words = ['ringing', 'announcing', 'held', 'apart', 'in'].map((place) =>
      placeWords({ ...expert, place }),
    );
    expect(words).toEqual(['振铃', '听录音告知', '听等待音', '旁听', '通话中']);
    expect(placeWords({ ...expert, muted: true })).toBe('已静音');
  });
  it('draws the caller first and the supervisor last', () => {
    const shown = inOrder([party('supervisor'), expert, agent, caller]);
    expect(shown.map(({ role }) => role)).toEqual(['caller', 'agent', 'other', 'supervisor']);
  });
  it('given no state of a conversation, goes by hold', () => {
    expect(stateOf(null, false)).toBe('talking');
    expect(stateOf('of a newer server', true)).toBe('held');
    expect(stateOf('aside', false)).toBe('aside');
  });
  it('says that hanging up leaves the others talking', () => {
    expect(hangUpHint('conference')).toContain('继续通话');
    expect(hangUpHint('talking')).toBe('');
  });
});
