/** Ties the feed, the seat and its telephone together while somebody is signed in. */
import { onMounted, onScopeDispose, watch } from 'vue';

import { sentence } from '../api/http';
import { server } from '../api/server';
import { live } from '../live/useLive';
import { oneAtATime } from '../lib/refresh';
import { microphone } from '../phone/microphone';
import { seatPhone } from '../phone/seatPhone';
import { desk } from '../state/desk';
import { floor } from '../state/floor';
import { session } from '../state/session';

const readAll = oneAtATime(async () => {
  if (session.rooms.value.length === 0) return;
  try {
    floor.load(await server.floor());
    if (session.hasSeat.value) await desk.load();
  } catch (error) {
    desk.say(sentence(error));
  }
});

export function useDeskWiring(): void {
  desk.begin(session.current.value?.seat ?? null);
  const stops = [
    live.onReload(() => void readAll()),
    live.onChange((change) => {
      floor.apply(change);
      desk.apply(change);
    }),
  ];

  onMounted(() => {
    live.start();
    if (session.hasSeat.value) {
      seatPhone.start();
      void microphone.openIfAllowed();
    }
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
    desk.begin(null);
  });
}
