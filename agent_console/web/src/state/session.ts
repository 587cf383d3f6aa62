/** Who is signed in, and the settings of the place. */
import { computed, ref, shallowRef } from 'vue';

import { Refused, setCsrf } from '../api/http';
import type { Role, Session, Settings } from '../api/schema';
import { server } from '../api/server';
import { keptForms } from '../moves/keptForms';
import { drafts } from '../tickets/draftStore';

const current = shallowRef<Session | null>(null);
const settings = shallowRef<Settings | null>(null);
/** The server said that nobody is signed in; asking again at each step would not help. */
let signedOut = false;
/** The session ended while the page was open: what is typed stays on this computer. */
const lapsed = ref(false);

const ROOMS: Record<Role, readonly Room[]> = {
  agent: ['work', 'tickets', 'missed'],
  expert: ['expert', 'work', 'tickets', 'missed'],
  supervisor: ['floor', 'work', 'tickets', 'missed', 'admin'],
  unit: ['tickets'],
  admin: ['floor', 'tickets', 'missed', 'admin'],
};
export type Room = 'work' | 'tickets' | 'missed' | 'floor' | 'expert' | 'admin';

/** The rooms this role may enter, the first one is where it starts; 工作台 needs a seat. */
export function roomsOf(role: Role, hasSeat: boolean, duties: readonly string[] = []): Room[] {
  const rooms = ROOMS[role].filter((room) => room !== 'work' || hasSeat);
  // A unit's telephone rings a reporter from his ticket; no caller is offered to it.
  if (role === 'unit') return rooms;
  // The head's work is what waits for a signature, not the floor.
  if (duties.includes('sign')) rooms.sort((a, b) => Number(b === 'tickets') - Number(a === 'tickets'));
  return hasSeat && !rooms.includes('work') ? ['work', ...rooms] : rooms;
}

async function enter(entered: Session): Promise<void> {
  setCsrf(entered.csrf);
  settings.value = await server.settings();
  drafts.belongTo(entered.account.id);
  keptForms.belongTo(entered.account.id);
  current.value = entered;
  signedOut = false;
  lapsed.value = false;
}

export const session = {
  current: computed(() => current.value),
  settings: computed(() => settings.value),
  lapsed: computed(() => lapsed.value),
  hasSeat: computed(() => current.value?.seat != null),
  /** Callers are offered to the seat; that of a unit only rings out. */
  takesCalls: computed(() => current.value?.seat != null && current.value.account.role !== 'unit'),
  rooms: computed(() =>
    current.value === null
      ? []
      : roomsOf(current.value.account.role, current.value.seat !== null, current.value.duties),
  ),

  async signIn(login: string, password: string): Promise<void> {
    await enter(await server.signIn(login, password));
  },

  /** Goes on with the cookie's session, if there is one; false when there is none. */
  async resume(): Promise<boolean> {
    if (current.value !== null) return true;
    if (signedOut) return false;
    try {
      await enter(await server.session());
      return true;
    } catch (error) {
      signedOut = error instanceof Refused && error.status === 401;
      if (signedOut) return false;
      throw error;
    }
  },

  /** Signs out and drops every draft of this computer. */
  async signOut(): Promise<void> {
    await server.signOut();
    drafts.dropAll();
    keptForms.dropAll();
    setCsrf('');
    current.value = null;
    signedOut = true;
  },

  /** Asks whether the session still counts: a refused socket does not say why. */
  async probe(): Promise<void> {
    try {
      await server.session();
    } catch (error) {
      if (error instanceof Refused && error.status === 401) this.lapse();
    }
  },

  /** A request was answered with 401 while somebody was signed in. */
  lapse(): void {
    if (current.value === null) return;
    lapsed.value = true;
  },

  forget(): void {
    current.value = null;
    lapsed.value = false;
    setCsrf('');
  },
};

/** The settings inside the frame, where they are always there. */
export function useSettings(): Settings {
  if (settings.value === null) throw new Error('settings are read at sign-in');
  return settings.value;
}

export function labelOf(choices: readonly { code: string; label: string }[], code: string | null) {
  if (code === null) return '';
  return choices.find((choice) => choice.code === code)?.label ?? code;
}
