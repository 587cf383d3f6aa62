/** Ties the feed, the seat and its telephone together while somebody is signed in. */
import { onMounted, onScopeDispose, watch } from 'vue';

import { sentence } from '../api/http';
import { server } from '../api/server';
import type { Change } from '../live/messages';
import { live } from '../live/useLive';
import { serverNow } from '../lib/clock';
import { oneAtATime } from '../lib/refresh';
import { microphone } from '../phone/microphone';
import { seatPhone } from '../phone/seatPhone';
import { desk, shouldReturn } from '../state/desk';
import { desks } from '../state/desks';
import { floor } from '../state/floor';
import { notices } from '../state/notices';
import { session } from '../state/session';
import { trail } from '../state/trail';
import { units } from '../state/units';
import { answer } from './useRinging';

const AGAIN_MS = 3_000;
const GRACE_MS = 3_000;

const readAll = oneAtATime(async () => {
  if (session.rooms.value.length === 0) return;
  try {
    // The floor and the messages to seats are of the hotline's own people.
    if (session.current.value?.account.role === 'unit') {
      if (session.hasSeat.value) await desk.load();
      return;
    }
    floor.load(await server.floor());
    if (session.hasSeat.value) await Promise.all([desk.load(), notices.load()]);
  } catch (error) {
    desk.say(sentence(error));
    if (live.network.value === 'online') setTimeout(() => void readAll(), AGAIN_MS);
  }
});

/** Server and telephone lost each other (a restart in between): the server's word counts. */
function followTheServer(): void {
  let wasMine = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  watch([seatPhone.leg, () => desk.seat.value?.state], ([leg, state]) => {
    clearTimeout(timer);
    if (leg === null) wasMine = false;
    if (leg !== 'talking') return;
    // A call of the fallback queue never was the seat's: it is left alone.
    if (state === 'talking') wasMine = true;
    // My telephone is rung anew: the talk it still holds was ended while we could not be told.
    else if (wasMine && state === 'ringing') seatPhone.forgetTalk();
    else if (wasMine) timer = setTimeout(() => seatPhone.forgetTalk(), GRACE_MS);
  });
  onScopeDispose(() => clearTimeout(timer));
}

/** What I asked for, or was in a moment ago, is answered without a press. */
function answerByItself(): void {
  watch([seatPhone.leg, desk.answersItself], ([leg, itself]) => {
    if (leg === 'ringing' && itself) void answer();
  });
}

/** The seat was taken offline because its telephone was gone for a moment: bring it back. */
function returnAfterLoss(): void {
  let asked = 0;
  watch([() => desk.seat.value, seatPhone.state, microphone.checked], ([seat, phone, heard]) => {
    if (seat === null || seat.since_ms === asked) return;
    if (!shouldReturn(seat, phone, heard, serverNow())) return;
    asked = seat.since_ms;
    void desk.goAvailable(true).then((done) => {
      if (done) desk.say('电话曾短暂中断，现已恢复，并已自动恢复示闲。');
    });
  });
}

/** A call back that reached nobody ends at once: why stands on the screen until read. */
function tellOutcome(change: Change): void {
  if (change.topic !== 'call' || change.data.direction !== 'out') return;
  const { stage, end_reason, owner_seat_id, seat_id, caller_masked } = change.data;
  const mine = desk.seat.value?.id;
  if (stage !== 'ended' || mine === undefined) return;
  if ((owner_seat_id ?? seat_id) !== mine || end_reason?.startsWith('callee_') !== true) return;
  const words = session.settings.value?.labels.end_reasons[end_reason] ?? end_reason;
  desk.say(`回拨 ${caller_masked ?? ''} 没有接通：${words}。`);
}

export function useDeskWiring(): void {
  desk.begin(session.current.value?.seat ?? null);
  const stops = [
    live.onReload(() => void readAll()),
    live.onChange((change) => {
      floor.apply(change);
      desk.apply(change);
      desks.apply(change);
      if (change.topic === 'unit') units.changed();
      tellOutcome(change);
      notices.apply(change, desk.seat.value?.id ?? null);
    }),
  ];

  onMounted(() => {
    live.start();
    if (session.hasSeat.value) {
      seatPhone.start();
      void microphone.openIfAllowed();
    }
  });

  followTheServer();
  answerByItself();
  returnAfterLoss();

  watch([session.lapsed, live.network], ([lapsed, network]) => {
    if (!lapsed && network === 'online') seatPhone.retry();
  });

  // Without a microphone the next caller would hear nobody.
  watch(microphone.stream, (stream, before) => {
    const takesCalls = desk.seat.value?.state === 'available';
    if (stream === null && before !== null && takesCalls) {
      void desk.goOffline().then(() => desk.say('麦克风已断开，已自动转为离线。请检查耳麦后重新示闲。'));
    }
  });

  onScopeDispose(() => {
    stops.forEach((stop) => stop());
    live.stop();
    seatPhone.stop();
    microphone.close();
    floor.forget();
    desks.forget();
    units.forget();
    trail.forget();
    notices.forget();
    desk.begin(null);
  });
}
