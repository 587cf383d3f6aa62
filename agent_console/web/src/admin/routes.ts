/** The addresses below /admin. */
import type { RouteRecordRaw } from 'vue-router';

import { session } from '../state/session';
import { sectionsOf } from './sections';

const PAGES: Record<string, () => Promise<unknown>> = {
  units: () => import('../pages/admin/UnitsPage.vue'),
  people: () => import('../pages/admin/PeoplePage.vue'),
  classes: () => import('../pages/admin/ClassesPage.vue'),
  catalogue: () => import('../pages/admin/CataloguePage.vue'),
  calendar: () => import('../pages/admin/CalendarPage.vue'),
  periods: () => import('../pages/admin/PeriodsPage.vue'),
  texts: () => import('../pages/admin/TextsPage.vue'),
  keys: () => import('../pages/admin/KeysPage.vue'),
  notices: () => import('../pages/admin/NoticesPage.vue'),
};

function firstSection(): string {
  const first = sectionsOf(session.current.value?.account.role)[0];
  return `/admin/${first?.name ?? 'units'}`;
}

export const adminRoutes: RouteRecordRaw[] = [
  { path: '', redirect: firstSection },
  ...Object.entries(PAGES).map(([path, component]) => ({
    path,
    component,
    meta: { room: 'admin' as const, title: '管理', frame: 'admin' },
  })),
];
