/** Whom I listen to, and whether I may: pure, from seat, telephone and calls. */
import type { Seat } from '../api/schema';
import type { FloorCall, Party } from './schema';

export type Mode = 'listen' | 'whisper' | 'barge';

export interface Supervised {
  call: FloorCall;
  mode: Mode;
  /** My telephone still rings. */
  ringing: boolean;
  sinceMs: number | null;
}

export const MODE_WORDS: Record<Mode, string> = { listen: '监听', whisper: '密语', barge: '强插' };

const MODES: readonly string[] = ['listen', 'whisper', 'barge'] satisfies Mode[];

function isMode(kind: string | null): kind is Mode {
  return kind !== null && MODES.includes(kind);
}

/** The call on which my seat is the supervisor's; null when there is none. */
export function supervised(calls: Iterable<FloorCall>, mySeat: number | null): Supervised | null {
  if (mySeat === null) return null;
  const isMine = (party: Party): boolean =>
    party.role === 'supervisor' && party.seat_id === mySeat;
  for (const call of calls) {
    const me = call.parties.find(isMine);
    if (me === undefined) continue;
    return {
      call,
      mode: isMode(me.kind) ? me.kind : 'listen',
      ringing: me.place === 'ringing' || me.place === 'announcing',
      sinceMs: me.since_ms,
    };
  }
  return null;
}

export interface Me {
  seat: Pick<Seat, 'id' | 'state'> | null;
  /** What keeps my telephone from being used; empty when nothing does. */
  phone: string;
  online: boolean;
  supervised: Supervised | null;
}

const BUSY = new Set<Seat['state']>(['reserved', 'ringing', 'talking']);

/** Why I can't listen to this seat's call now; empty when I can. */
export function whyNot(seat: Seat, call: FloorCall | null, me: Me): string {
  if (!me.online) return '网络已断开，恢复后可用';
  if (call === null || call.stage !== 'talking') return '该座席不在通话中';
  if (me.seat === null) return '您的账号没有座席，不能进入通话';
  if (me.seat.id === seat.id) return '这是您自己的座席';
  if (me.supervised !== null) {
    return me.supervised.call.call_id === call.call_id ? '' : '您正在另一通话中，请先结束';
  }
  if (BUSY.has(me.seat.state)) return '您正在通话，请先结束';
  return me.phone;
}
