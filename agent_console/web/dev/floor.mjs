// A busy floor for work on /floor and /wall without a server behind it: 200 seats, 20 callers
// waiting, everything moving. Development only.
//   npx vite build --outDir <dir>; node dev/floor.mjs <port> <dir> [seats] [waiting]
// POST /mock/{calm,alarm,cut,away,back}; every account's password is x.
import { createReadStream, existsSync, readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join, normalize, resolve } from 'node:path';
import { setInterval } from 'node:timers';
import { WebSocketServer } from 'ws';

const [port, folder, seatCount = '200', waitingCount = '20'] = process.argv.slice(2);
const dist = resolve(folder);
const now = () => Date.now();
const ago = (seconds) => now() - seconds * 1000;
const choices = (text) => text.split(' ').map((pair) => ({ code: pair.split(':')[0], label: pair.split(':')[1] }));
const labels = (text) => Object.fromEntries(text.split(' ').map((pair) => pair.split(':')));
const pick = (list) => list[Math.floor(Math.random() * list.length)];

const settings = {
  zone: 'Asia/Shanghai', hotline_label: '12345 政务服务便民热线',
  queues: [{ name: 'business', label: '优化营商环境专线' }, { name: 'general', label: '政务服务' }],
  lines: [], types: [], classes: [], dispositions: [],
  pause_reasons: choices('rest:休息 meal:用餐 meeting:会议'),
  labels: {
    seat_states: labels('offline:离线 available:示闲 reserved:预占 ringing:振铃 talking:通话中 wrap_up:小结 paused:示忙 no_answer:未应答'),
    stages: {}, end_reasons: {}, ticket_states: {}, event_kinds: {}, missed_kinds: {}, recording_problems: {},
  },
};

const STATES = ['talking', 'talking', 'talking', 'talking', 'available', 'available', 'wrap_up', 'paused', 'ringing', 'offline'];
const TALKS = ['talking', 'talking', 'talking', 'held', 'conference', 'consulting', 'lost', 'inviting'];
const FAMILY = [...'王李张刘陈杨黄赵周吴徐孙'];
const GIVEN = ['小丽', '建国', '美华', '志强', '秀英', '海燕', '文博', '晓东'];
const seats = new Map();
const calls = new Map();
let callNumber = 0;
let seq = 1;
let away = false;
let alarmed = Number(waitingCount) > 0;

function begin(stage, seatId, more = {}) {
  callNumber += 1;
  const masked = `138****${String(callNumber).padStart(4, '0')}`;
  const queue = callNumber % 3 === 0 ? 'general' : 'business';
  const call = { call_id: String(callNumber).padStart(32, '0'), stage, queue, caller_masked: masked, queued_ms: ago(Math.random() * 90), seat_id: seatId, talk_ms: null, direction: 'in', state: null, parties: [], head: false, hint: null, ...more };
  calls.set(call.call_id, call);
  return call;
}
function talkOf(seat) {
  const since = seat.since_ms;
  const state = pick(TALKS);
  const held = ['held', 'consulting'].includes(state);
  const party = (role, more) => ({ leg: `${role}-${seat.id}`, role, kind: '', label: null, seat_id: null, expert_id: null, place: 'in', muted: false, since_ms: since, ...more });
  const parties = [party('caller', { place: held ? 'held' : 'in' }), party('agent', { kind: 'seat', label: seat.name, seat_id: seat.id })];
  if (['conference', 'consulting', 'inviting'].includes(state)) parties.push(party('other', { kind: 'expert', label: '张三（市场监管局）', place: state === 'inviting' ? 'ringing' : 'in' }));
  return begin('talking', seat.id, { state, parties, talk_ms: since, held });
}
for (let id = 1; id <= Number(seatCount); id += 1) {
  const state = STATES[id % STATES.length];
  const seat = {
    id, account_id: id + 1, name: `${FAMILY[id % 12]}${GIVEN[(id * 7) % 8]}`, state, since_ms: ago((id * 37) % 900), reason: state === 'paused' ? 'meal' : null,
    call_id: null, phone_ready: state !== 'offline' && id % 41 !== 0, skills: [{ queue: id % 4 ? 'business' : 'general', level: 1 + (id % 2) }], wrap_up_until_ms: null, after_call: null,
  };
  if (id % 50 === 0) seat.state = 'no_answer';
  if (['talking', 'ringing'].includes(seat.state)) seat.call_id = (seat.state === 'talking' ? talkOf(seat) : begin('waiting', id)).call_id;
  seats.set(id, seat);
}
for (let index = 0; index < Number(waitingCount); index += 1) begin('waiting', null, index === 3 ? { head: true, hint: '座席电话中断，请先致歉' } : {});
const mine = { id: 999, account_id: 1, name: '班长甲', state: 'paused', since_ms: ago(60), reason: 'meeting', call_id: null, phone_ready: true, skills: [], wrap_up_until_ms: null, after_call: null };

const waiters = (queue) => [...calls.values()].filter((call) => call.queue === queue && call.stage === 'waiting');
function figures() {
  const hours = [0, 0, 1, 0, 0, 2, 5, 12, 46, 61, 58, 30, 12, 22, 40, 44].map((offered, hour) => ({ hour, offered, answered: Math.round(offered * 0.95), abandoned: offered - Math.round(offered * 0.95) }));
  const empty = seats.size === 0;
  return {
    at_ms: now(), day: '2026-11-22',
    queues: settings.queues.map(({ name, label }) => {
      const own = [...seats.values()].filter((seat) => seat.skills.some((skill) => skill.queue === name));
      const count = (...states) => own.filter((seat) => states.includes(seat.state)).length;
      return {
        name, label, waiting: waiters(name).length, longest_since_ms: Math.min(...waiters(name).map((call) => call.queued_ms)) || null, expected_wait_s: empty ? null : 42,
        offered: empty ? 0 : 333, answered: empty ? 0 : 316, abandoned: empty ? 0 : 17, connect_rate: empty ? null : 0.949, within_15: empty ? null : 0.912, within_20: empty ? null : 0.937,
        mean_wait_s: 9, mean_talk_s: 183, mean_wrap_up_s: 31, by_hour: empty ? [] : hours,
        seats: { free: count('available'), busy: count('reserved', 'ringing', 'talking', 'wrap_up'), paused: count('paused', 'no_answer') },
      };
    }),
    alarms: alarmed ? [
      { code: 'waiting', queue: 'business', level: 'amber', text: '优化营商环境专线：13 人等候，超过 10 人' },
      { code: 'longest_wait', queue: 'business', level: 'red', text: '优化营商环境专线：最长等候 1 分 32 秒，超过 60 秒' },
      { code: 'connect_rate', queue: 'general', level: 'amber', text: '政务服务：今日接通率 94.9%，低于 95%' },
    ] : [],
  };
}
for (const queue of settings.queues) queue.callback_key = null;
const staffing = () => ({
  queues: settings.queues.map(({ name }, index) => ({
    name, need_now: 48 + index * 6, staffed: 50, load: 41.2, override: index ? { mode: 'hold', until_ms: now() + 3_600_000, by: '班长甲' } : null,
    forecast: Array.from({ length: 24 }, (_, slot) => ({ from_ms: Math.ceil(now() / 900_000) * 900_000 + slot * 900_000, calls: 15 - slot / 4, talk_s: 190, need: 55 - slot, roster: 68 - slot })),
    called_in: index ? [] : [{ seat_id: 4, name: '陈秀英', until_ms: now() + 1_800_000 }],
  })),
});

const sockets = new Set();
function say(topic, key, data) {
  seq += topic === 'figures' ? 0 : 1;
  for (const socket of sockets) socket.send(JSON.stringify({ type: 'change', seq, topic, key: String(key), at_ms: now(), data }));
}
function move() {
  const seat = pick([...seats.values()]);
  if (seat === undefined) return;
  const old = calls.get(seat.call_id);
  if (old) { calls.delete(old.call_id); say('call', old.call_id, { ...old, stage: 'ended' }); }
  Object.assign(seat, { state: pick(STATES), since_ms: now(), call_id: null, reason: null });
  if (seat.state === 'paused') seat.reason = 'rest';
  if (seat.state === 'talking') { const call = talkOf(seat); seat.call_id = call.call_id; say('call', call.call_id, call); }
  say('seat', seat.id, seat);
}
setInterval(() => { for (let one = 0; one < Number(process.env.MOVES ?? 2); one += 1) move(); }, 500);
setInterval(() => say('figures', 'floor', figures()), 1000);

const scenes = {
  calm() { alarmed = false; }, alarm() { alarmed = true; },
  cut() { for (const socket of sockets) socket.terminate(); },
  away() { away = true; scenes.cut(); }, back() { away = false; },
};
const problem = (status, title) => [status, { type: 'about:blank', title, status }];
let signedIn = false;
const sessionBody = () => [200, { account: { id: 1, login: 'head', name: '班长甲', role: 'supervisor' }, csrf: 'mock', demo: true, seat: mine }];

function supervise(call, verb) {
  call.parties = call.parties.filter(({ role }) => role !== 'supervisor');
  if (verb !== 'stop') call.parties.push({ leg: 'sup', role: 'supervisor', kind: verb, label: '班长甲', seat_id: mine.id, expert_id: null, place: 'in', muted: false, since_ms: now() });
  say('call', call.call_id, call);
}
function answer(method, path, query, body) {
  const at = `${method} ${path}`;
  if (at === 'GET /floor/figures') return query.get('key') === 'wrong' ? problem(401, '大屏钥匙不正确。') : [200, figures()];
  if (at === 'POST /session') { signedIn = true; return sessionBody(); }
  if (!signedIn) return problem(401, '请先登录');
  if (at === 'GET /session') return sessionBody();
  if (at === 'GET /settings') return [200, settings];
  if (at === 'GET /seat') return [200, mine];
  if (at === 'GET /messages') return [200, { items: [] }];
  if (at === 'POST /seat/phone') return [200, { endpoint: 'seat-999', password: 'x', uri: 'sip:seat-999@127.0.0.1', ws: '/sip' }];
  if (at === 'GET /calls/current') return [204];
  if (at === 'GET /floor') return [200, { seq, seats: [...seats.values()], queues: settings.queues.map(({ name, label }) => ({ name, label, waiting: waiters(name).length, longest_since_ms: null })), calls: [...calls.values()] }];
  if (at === 'GET /floor/staffing') return [200, staffing()];
  const asked = /^POST \/calls\/(\w+)\/requests$/.exec(at);
  if (asked) {
    const call = calls.get(asked[1]);
    if (!call) return problem(409, '这通电话已经结束。');
    if (body.verb === 'move') { Object.assign(call, body.args); say('call', call.call_id, call); } else supervise(call, body.verb);
    return [200, { outcome: 'done' }];
  }
  if (/sign-out$/.test(at)) return problem(409, '该座席正在通话，通话结束后才能签退。');
  return [204];
}

const TYPES = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml' };
const server = createServer((request, response) => {
  const url = new URL(request.url, 'http://mock');
  const pieces = [];
  request.on('data', (piece) => pieces.push(piece));
  request.on('end', () => {
    if (url.pathname.startsWith('/mock/')) { scenes[url.pathname.slice(6)](); response.end('ok\n'); return; }
    if (!url.pathname.startsWith('/api/v1')) {
      const wanted = join(dist, normalize(url.pathname));
      const file = wanted.startsWith(dist) && existsSync(wanted) && statSync(wanted).isFile() ? wanted : join(dist, 'index.html');
      response.writeHead(200, { 'Content-Type': TYPES[extname(file)] ?? 'application/octet-stream' });
      if (file.endsWith('.html')) response.end(readFileSync(file)); else createReadStream(file).pipe(response);
      return;
    }
    if (away) { request.destroy(); return; }
    const [status, data] = answer(request.method, url.pathname.slice(7), url.searchParams, pieces.length > 0 ? JSON.parse(Buffer.concat(pieces).toString()) : {});
    response.writeHead(status, { 'Content-Type': 'application/json' });
    response.end(data === undefined ? undefined : JSON.stringify(data));
  });
});
const live = new WebSocketServer({ noServer: true });
live.on('connection', (socket) => {
  sockets.add(socket);
  socket.on('close', () => sockets.delete(socket));
  socket.send(JSON.stringify({ type: 'hello', seq, reset: true }));
});
// Enough of a registrar that a telephone shows as ready.
const sip = new WebSocketServer({ noServer: true, handleProtocols: () => 'sip' });
sip.on('connection', (socket) => socket.on('message', (data) => {
  const lines = data.toString().split('\r\n');
  const header = (name) => lines.find((line) => line.startsWith(`${name}:`)) ?? '';
  if (lines[0].startsWith('REGISTER')) socket.send(['SIP/2.0 200 OK', header('Via'), `${header('To')};tag=mock`, header('From'), header('Call-ID'), header('CSeq'), header('Contact'), 'Expires: 120', 'Content-Length: 0', '', ''].join('\r\n'));
}));
server.on('upgrade', (request, socket, head) => {
  if (away) { socket.destroy(); return; }
  if (request.url.startsWith('/sip')) { sip.handleUpgrade(request, socket, head, (accepted) => sip.emit('connection', accepted, request)); return; }
  live.handleUpgrade(request, socket, head, (accepted) => live.emit('connection', accepted, request));
});
server.listen(Number(port), '127.0.0.1', () => console.log(`floor on http://127.0.0.1:${port}`));
