/** The addresses of the console, and who is let in. */
import { createRouter, createWebHistory, type RouteLocationNormalized } from 'vue-router';

import { adminRoutes } from './admin/routes';
import { session, type Room } from './state/session';

declare module 'vue-router' {
  interface RouteMeta {
    /** The room this page belongs to; none means it needs no sign-in. */
    room?: Room;
    /** For everybody: nobody is asked to sign in. */
    open?: boolean;
    /** Pages of the same frame share it: going from one to the other does not draw it anew. */
    frame?: string;
    title: string;
  }
}

export const HOMES: Record<Room, string> = {
  work: '/work',
  tickets: '/desks',
  missed: '/missed',
  floor: '/floor',
  expert: '/expert',
  admin: '/admin',
};

export const router = createRouter({
  history: createWebHistory(),
  routes: [
    { path: '/login', component: () => import('./pages/LoginPage.vue'), meta: { title: '登录' } },
    {
      path: '/phone',
      component: () => import('./pages/PhonePage.vue'),
      meta: { title: '测试电话' },
    },
    {
      path: '/wall',
      component: () => import('./pages/WallPage.vue'),
      meta: { title: '大屏' },
    },
    {
      path: '/status',
      component: () => import('./public/StatusPage.vue'),
      meta: { title: '查询办理进度', open: true },
    },
    {
      path: '/submit',
      component: () => import('./public/SubmitPage.vue'),
      meta: { title: '网上提交诉求', open: true },
    },
    {
      path: '/tickets/:id(\\d+)/trace',
      component: () => import('./pages/TracePage.vue'),
      meta: { title: '倒查问责' },
    },
    {
      path: '/tickets/:id(\\d+)/papers/:paper(\\d+)',
      component: () => import('./pages/PaperPage.vue'),
      meta: { title: '打印稿' },
    },
    {
      path: '/digests/:period(20\\d\\d-[Q\\d]\\d?)',
      component: () => import('./pages/DigestPage.vue'),
      meta: { title: '打印稿' },
    },
    {
      path: '/',
      component: () => import('./shell/AppFrame.vue'),
      meta: { title: '' },
      children: [
        { path: '', redirect: '/work' },
        {
          path: 'work',
          component: () => import('./pages/WorkPage.vue'),
          meta: { room: 'work', title: '工作台' },
        },
        {
          path: 'desks/:desk([a-z_]+)?',
          component: () => import('./pages/DeskPage.vue'),
          meta: { room: 'tickets', frame: 'desks', title: '工单' },
        },
        {
          path: 'tickets',
          component: () => import('./pages/TicketsPage.vue'),
          meta: { room: 'tickets', title: '工单' },
        },
        {
          path: 'tickets/:id(\\d+)',
          component: () => import('./pages/TicketPage.vue'),
          meta: { room: 'tickets', title: '工单' },
        },
        {
          path: 'missed',
          component: () => import('./pages/MissedPage.vue'),
          meta: { room: 'missed', title: '未接来电' },
        },
        {
          path: 'floor',
          component: () => import('./pages/FloorPage.vue'),
          meta: { room: 'floor', title: '现场' },
        },
        {
          path: 'expert',
          component: () => import('./pages/ExpertPage.vue'),
          meta: { room: 'expert', title: '专家值守' },
        },
        {
          path: 'admin',
          component: () => import('./pages/admin/AdminPage.vue'),
          meta: { room: 'admin', title: '管理', frame: 'admin' },
          children: adminRoutes,
        },
      ],
    },
    {
      path: '/:rest(.*)*',
      component: () => import('./pages/NotFoundPage.vue'),
      meta: { title: '没有这个页面' },
    },
  ],
});

const OPEN = new Set(['/login', '/phone']);

function firstRoom(): string {
  const first = session.rooms.value[0];
  // Nobody's room: the frame says whom to ask.
  return first === undefined ? '/tickets' : HOMES[first];
}

async function guard(to: RouteLocationNormalized): Promise<boolean | string | object> {
  if (to.matched.length === 0 || to.meta.open === true || to.path === '/phone' || to.meta.title === '没有这个页面') return true;
  // A display on the wall has a key instead of a person.
  if (to.path === '/wall' && typeof to.query['key'] === 'string') return true;
  let signedIn: boolean;
  try {
    signedIn = await session.resume();
  } catch {
    // The server is away: the sign-in page says so and tries again.
    signedIn = false;
  }
  if (OPEN.has(to.path)) return signedIn ? firstRoom() : true;
  if (!signedIn) return { path: '/login', query: to.path === '/work' ? {} : { next: to.fullPath } };
  const home = to.redirectedFrom?.path === '/';
  if (to.path === '/work' && (home || !session.rooms.value.includes('work'))) {
    const first = firstRoom();
    return first === to.path ? true : first;
  }
  return true;
}

router.beforeEach(guard);
