/**
 * What can be asked of a conversation, and why not. Pure: the parties go in, words come out.
 *
 * The table is the controller's (`ivr/conversation_table.py`, held against it by a test): the
 * server decides, the screen only says so before the press instead of after it.
 */
import type { Party } from '../api/schema';

export type State =
  | 'talking'
  | 'held'
  | 'asking'
  | 'consulting'
  | 'aside'
  | 'inviting'
  | 'conference'
  | 'left'
  | 'returning'
  | 'handing'
  | 'recalling'
  | 'lost';

export type Verb =
  | 'hold'
  | 'resume'
  | 'consult'
  | 'invite'
  | 'emergency'
  | 'cancel'
  | 'back'
  | 'swap'
  | 'join'
  | 'mute'
  | 'unmute'
  | 'drop'
  | 'leave'
  | 'transfer'
  | 'come_back'
  | 'hang_up';

export interface Talk {
  state: State;
  parties: readonly Party[];
  mySeat: number | null;
}

const YES = '';
const NOT_THERE = '座席不在通话中，请先返回通话';
const COMING = '正在恢复座席通话，请稍候';
const GOING = '通话正在转接，请稍候';
const LOST = '座席电话尚未恢复，请稍候';
const AWAY = { left: NOT_THERE, returning: COMING, handing: GOING, recalling: COMING, lost: LOST };

const NOBODY_ELSE = '通话中没有其他方';
const RINGING = '已有一方正在呼叫，请先等待或取消';
const IN_CONSULT = '正在单独咨询，请先返回来电人或进入三方通话';
const EXPERT_WAITS = '专家正在等待，请先切换、进入三方通话或结束咨询';
const HELD = '来电人正在听等待音，请先取消保持';

/** Reading: may this be pressed in that state? Empty: yes; else the sentence why not. */
export const TABLE: Readonly<Record<Verb, Readonly<Record<State, string>>>> = {
  hold: {
    ...AWAY,
    talking: YES,
    inviting: YES,
    conference: YES,
    held: '通话已经处于保持状态',
    asking: '来电人已经在听等待音',
    consulting: '来电人已经在听等待音',
    aside: EXPERT_WAITS,
  },
  resume: {
    ...AWAY,
    held: YES,
    asking: YES,
    talking: '通话没有处于保持状态',
    inviting: '通话没有处于保持状态',
    conference: '通话没有处于保持状态',
    aside: '通话没有处于保持状态',
    consulting: IN_CONSULT,
  },
  consult: {
    ...AWAY,
    talking: YES,
    held: YES,
    consulting: YES,
    conference: YES,
    asking: RINGING,
    inviting: RINGING,
    aside: EXPERT_WAITS,
  },
  invite: {
    ...AWAY,
    talking: YES,
    conference: YES,
    held: HELD,
    asking: RINGING,
    inviting: RINGING,
    consulting: IN_CONSULT,
    aside: EXPERT_WAITS,
  },
  emergency: {
    ...AWAY,
    talking: YES,
    held: YES,
    conference: YES,
    consulting: YES,
    aside: YES,
    asking: RINGING,
    inviting: RINGING,
  },
  cancel: {
    ...AWAY,
    asking: YES,
    inviting: YES,
    conference: YES,
    consulting: YES,
    aside: YES,
    talking: '没有正在呼叫的一方',
    held: '没有正在呼叫的一方',
  },
  back: {
    ...AWAY,
    asking: YES,
    consulting: YES,
    aside: YES,
    conference: YES,
    inviting: YES,
    held: '请使用取消保持',
    talking: '已经在与来电人通话',
  },
  swap: {
    ...AWAY,
    consulting: YES,
    aside: YES,
    talking: NOBODY_ELSE,
    held: NOBODY_ELSE,
    asking: RINGING,
    inviting: RINGING,
    conference: '已经是三方通话',
  },
  join: {
    ...AWAY,
    consulting: YES,
    aside: YES,
    asking: YES,
    talking: NOBODY_ELSE,
    held: NOBODY_ELSE,
    inviting: YES,
    conference: YES,
  },
  mute: everywhereBut(AWAY),
  unmute: everywhereBut(AWAY),
  drop: everywhereBut(AWAY),
  leave: {
    ...AWAY,
    consulting: YES,
    aside: YES,
    conference: YES,
    talking: '没有其他方在线，不能退出，请使用挂机或转接',
    held: '没有其他方在线，不能退出，请使用挂机或转接',
    asking: '对方尚未接通，请等待接通或直接挂机完成转接',
    inviting: '对方尚未接通，请等待接通或直接挂机完成转接',
  },
  transfer: {
    ...AWAY,
    talking: YES,
    held: YES,
    asking: RINGING,
    inviting: RINGING,
    consulting: '正在单独咨询，可退出并留下专家完成转接',
    aside: '专家正在等待，可退出并留下专家完成转接',
    conference: '三方通话中可退出并留下专家完成转接',
  },
  come_back: {
    ...everywhere('您已经在通话中'),
    left: YES,
    returning: COMING,
    recalling: COMING,
    handing: GOING,
    lost: LOST,
  },
  hang_up: everywhereBut(AWAY),
};

function everywhere(words: string): Record<State, string> {
  return {
    talking: words,
    held: words,
    asking: words,
    consulting: words,
    aside: words,
    inviting: words,
    conference: words,
    left: words,
    returning: words,
    handing: words,
    recalling: words,
    lost: words,
  };
}

function everywhereBut(reasons: Partial<Record<State, string>>): Record<State, string> {
  return { ...everywhere(YES), ...reasons };
}

const STATES = new Set<string>(Object.keys(everywhere('')));

/** The state of the conversation; of a call without one (or with one of a newer server) its stage. */
export function stateOf(state: string | null, held: boolean): State {
  if (state !== null && STATES.has(state)) return state as State;
  return held ? 'held' : 'talking';
}

/** States in which the agent's own telephone is on its way back. */
export const COMING_BACK: ReadonlySet<State> = new Set<State>(['lost', 'recalling', 'returning']);

/** Beside caller and agent; the controller takes no more. */
const MOST_OTHERS = 3;

function others(talk: Talk, ...places: string[]): Party[] {
  return talk.parties.filter(
    (party) => party.role === 'other' && (places.length === 0 || places.includes(party.place)),
  );
}

/** Why this can't be asked now; empty when it can. */
export function whyNot(verb: Verb, talk: Talk): string {
  const words = TABLE[verb][talk.state];
  if (words !== '') return words;
  const rings = others(talk, 'ringing', 'announcing').length > 0;
  if (verb === 'consult' || verb === 'invite' || verb === 'emergency') {
    if (others(talk).length >= MOST_OTHERS) return '通话人数已到上限';
    if (rings) return RINGING;
  }
  if (verb === 'join' && (talk.state === 'conference' || talk.state === 'inviting')) {
    if (others(talk, 'held').length > 0) return '';
    return rings ? '对方接通后自动进入三方通话' : '已经是三方通话';
  }
  if (verb === 'cancel' && !rings) return '没有正在呼叫的一方';
  return '';
}

/** Why this can't be done to one party; empty when it can. */
export function whyNotParty(verb: 'mute' | 'unmute' | 'drop', party: Party, talk: Talk): string {
  const words = whyNot(verb, talk);
  if (words !== '') return words;
  if (verb === 'drop') {
    return party.role === 'other' ? '' : '来电人和座席不能移除，请使用挂机';
  }
  if (party.place === 'ringing' || party.place === 'announcing') return '该方尚未接通';
  return '';
}

export interface Step {
  verb: 'cancel' | 'back' | 'swap' | 'join' | 'leave';
  label: string;
  hint: string;
}

/** The steps that belong to the state, in their fixed order. */
export function stepsOf(talk: Talk): Step[] {
  const whom = others(talk).every((party) => party.kind === 'expert') ? '专家' : '对方';
  const withCaller = talk.state === 'aside';
  const steps: Step[] = [];
  if (whyNot('cancel', talk) === '') {
    steps.push({ verb: 'cancel', label: '取消呼叫', hint: '停止呼叫，返回来电人' });
  }
  if (talk.state === 'consulting' || talk.state === 'aside') {
    steps.push(
      {
        verb: 'back',
        label: withCaller ? '结束咨询' : '返回来电人',
        hint: `结束与${whom}的通话，回到来电人`,
      },
      {
        verb: 'swap',
        label: '切换',
        hint: withCaller
          ? `与${whom}单独通话，来电人听等待音`
          : `与来电人通话，${whom}听等待音，不挂断`,
      },
    );
  }
  if (whyNot('join', talk) === '' && talk.state !== 'asking') {
    steps.push({ verb: 'join', label: '三方会议', hint: '所有人一起通话' });
  }
  if (whyNot('leave', talk) === '') {
    steps.push({
      verb: 'leave',
      label: `退出并留下${whom}`,
      hint: `来电人与${whom}继续通话，您退出`,
    });
  }
  return steps;
}

/** What the red button does in this state, where it is not the end of the call. */
export function hangUpHint(state: State): string {
  if (['asking', 'inviting', 'consulting', 'aside', 'conference'].includes(state)) {
    return '您退出，来电人与对方继续通话';
  }
  return '';
}

const KINDS: Readonly<Record<string, string>> = {
  expert: '专家',
  seat: '座席',
  number: '外线',
  emergency: '紧急',
};
const SUPERVISION: Readonly<Record<string, string>> = {
  listen: '旁听',
  whisper: '密语',
  barge: '强插',
};

/** Who this is to the people on the line. */
export function roleWords(party: Party, mySeat: number | null): string {
  if (party.role === 'caller') return '来电人';
  if (mySeat !== null && party.seat_id === mySeat) return '我';
  if (party.role === 'agent') return '座席';
  if (party.role === 'supervisor') return `班长${SUPERVISION[party.kind ?? ''] ?? ''}`;
  return KINDS[party.kind ?? ''] ?? '对方';
}

/** Where this one is: on the line, with music, being rung. */
export function placeWords(party: Party): string {
  switch (party.place) {
    case 'ringing':
      return '振铃';
    case 'announcing':
      return '听录音告知';
    case 'held':
      return '听等待音';
    case 'apart':
      return '旁听';
    default:
      return party.muted ? '已静音' : '通话中';
  }
}

/** My own leg, by my seat. */
export function mine(parties: readonly Party[], mySeat: number | null): Party | null {
  return parties.find((party) => mySeat !== null && party.seat_id === mySeat) ?? null;
}

/** In the order of the screen: caller, agent, others, supervisors. */
const RANK: Readonly<Record<string, number>> = { caller: 0, agent: 1, other: 2, supervisor: 3 };
export function inOrder(parties: readonly Party[]): Party[] {
  return [...parties].sort((a, b) => (RANK[a.role] ?? 9) - (RANK[b.role] ?? 9));
}
