// A small stand-in for the console's server, for work on the screens: it speaks the contract of
// /api/v1 from memory and plays scenes (POST /mock/<scene>). Development only.
//   node dev/mock.mjs [port]   then   HOTLINE_SERVER=http://127.0.0.1:<port> npm run dev
import { createReadStream, existsSync, readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';
import { WebSocketServer } from 'ws';

const port = Number(process.argv[2] ?? 8080);
const dist = new URL('../dist/', import.meta.url).pathname;
const now = () => Date.now();
const minutesAgo = (minutes) => now() - minutes * 60_000;

const choices = (text) => text.split(' ').map((pair) => ({ code: pair.split(':')[0], label: pair.split(':')[1] }));
const settings = {
  zone: 'Asia/Shanghai',
  hotline_label: '12345 政务服务便民热线',
  queues: [
    { name: 'business', label: '优化营商环境专线', callback_key: '9' },
    { name: 'general', label: '政务服务', callback_key: '9' },
  ],
  lines: [{ name: 'main', label: '12345 政务服务便民热线' }],
  types: choices('consult:咨询 help:求助 complaint:投诉 report:举报 suggestion:意见建议'),
  classes: choices(
    'policy_help:政策咨询、服务求助 service_quality:政务服务质量、效率 hidden_barrier:市场准入隐性壁垒、擅自设立收费项目 policy_not_carried_out:惠企政策落实不到位、吃拿卡要 inspection_penalty:违规检查、行政处罚、结果未公开 arrears:拖欠市场主体账款 other:其他诉求',
  ),
  dispositions: [
    { code: 'answered', label: '当场答复', closes: true, state: 'closed', needs_class: true },
    { code: 'passed_on', label: '转派承办单位', closes: false, state: 'to_dispatch', needs_class: true },
    { code: 'not_accepted', label: '不予受理', closes: true, state: 'rejected', needs_class: true },
    { code: 'invalid', label: '无效来电', closes: true, state: 'closed', needs_class: false },
    { code: 'nuisance', label: '骚扰来电', closes: true, state: 'closed', needs_class: false },
    { code: 'dropped', label: '中途挂断', closes: true, state: 'closed', needs_class: false },
  ],
  pause_reasons: choices('rest:休息 meal:用餐 meeting:会议 training:培训'),
  labels: {
    seat_states: Object.fromEntries(
      'offline:离线 available:示闲 reserved:预占 ringing:振铃 talking:通话中 wrap_up:小结 paused:示忙 no_answer:未应答'.split(' ').map((pair) => pair.split(':')),
    ),
    stages: { greeting: '欢迎词', menu: '选择按键', waiting: '排队', talking: '通话中', message: '留言', ended: '已结束' },
    end_reasons: { caller_hung_up: '来电人挂机', agent_hung_up: '座席挂机', abandoned_in_queue: '排队中放弃' },
    ticket_states: { draft: '草稿', to_dispatch: '待派单', closed: '已办结', rejected: '不予受理' },
    event_kinds: { arrived: '来电接入', menu: '进入导航', queued: '进入排队', offered: '呼叫座席', answered: '座席接听', held: '保持', resumed: '取消保持', ended: '通话结束', drafted: '建立工单', edited: '修改工单', completed: '提交工单' },
    missed_kinds: { abandoned: '排队中挂机', callback: '登记回电', message: '语音留言' },
    recording_problems: { disk_full: '录音存储空间不足' },
  },
};

const seat = {
  id: 1, account_id: 1, name: '王小丽', state: 'offline', since_ms: now(), reason: null, call_id: null,
  phone_ready: true, skills: [{ queue: 'business', level: 1 }, { queue: 'general', level: 2 }], wrap_up_until_ms: null,
};
const others = ['李建国', '陈美华', '黄志强'].map((name, index) => ({
  ...seat, id: index + 2, account_id: index + 2, name, state: ['talking', 'available', 'paused'][index],
  reason: index === 2 ? 'meal' : null, since_ms: minutesAgo(index * 3 + 1),
}));
let role = 'agent';
let signedIn = false;
let card = null;
let seq = 1;
let waiting = [];
const changes = [];
const sockets = new Set();

const texts = [
  '来电人称其公司二〇二六年第二季度稳岗补贴申请提交后三个月未收到审核结果，要求告知办理进度和预计到账时间。',
  '咨询个体工商户转为企业的办理材料和时限。', '反映园区物业在水电费之外擅自收取“服务费”，要求核实并停止收取。',
  '某单位拖欠工程款已逾一年，要求协调支付。', '建议在政务服务中心增设企业开办专窗。', '',
];
const tickets = new Map();
for (let index = 0; index < 137; index += 1) {
  const done = index % 9 !== 0;
  tickets.set(index + 1, {
    id: index + 1, number: `20261122${String(index + 1).padStart(5, '0')}`, version: 1,
    state: done ? ['closed', 'to_dispatch', 'rejected'][index % 3] : 'draft',
    type: settings.types[index % 5].code, content_class: settings.classes[index % 7].code,
    company: index % 2 ? '玉林市某某商贸有限公司' : null, text: texts[index % texts.length],
    disposition: done ? settings.dispositions[index % 3].code : null, complete: done,
    call_id: `${index}`.padStart(32, '0'), source: 'call', agent_name: ['王小丽', '李建国'][index % 2], account_id: (index % 2) + 1,
    caller_masked: `138****${String(index).padStart(4, '0')}`, created_ms: minutesAgo(index * 47 + 3), updated_ms: minutesAgo(index * 47),
    timeline: [
      ['arrived', 4, { line: 'main' }], ['menu', 3.9, {}], ['queued', 3.6, { key: '1' }], ['offered', 3.5, { seat: 1 }], ['answered', 3, { seat: 1 }],
      ['drafted', 3, { source: 'call' }], ['held', 2, {}], ['resumed', 1.6, {}], ['edited', 1.5, { what: ['content_class', 'text'] }],
      ['edited', 1.2, { what: ['text'] }], ['ended', 1, { reason: 'caller_hung_up' }], ...(done ? [['completed', 0, { what: ['closed'] }]] : []),
    ].map(([kind, minutes, detail]) => ({ at_ms: minutesAgo(index * 47 + minutes), kind, who: ['drafted', 'edited', 'completed'].includes(kind) ? '王小丽' : null, detail })),
    recordings: [{ id: index + 1, state: 'filed', length_ms: 65_000, size_bytes: 512_000, format: 'flac', marks: [{ at_ms: minutesAgo(index * 47 + 3.6), kind: 'pause' }, { at_ms: minutesAgo(index * 47 + 3.4), kind: 'resume' }], problem: null, may_hear: index % 4 !== 1 }],
  });
}
const missed = ['abandoned', 'callback', 'message', 'abandoned'].map((kind, index) => ({
  id: index + 1, call_id: `${index}`.padStart(32, 'a'), kind, caller_masked: `138****${index}${index}00`, queue_label: '优化营商环境专线',
  created_ms: minutesAgo(12 + index * 30), state: 'open', done_ms: null, done_by: null,
}));

function publish(topic, key, data) {
  seq += 1;
  const change = { type: 'change', seq, topic, key: String(key), at_ms: now(), data };
  changes.push(change);
  for (const socket of sockets) socket.send(JSON.stringify(change));
}
function setSeat(state, more = {}) {
  Object.assign(seat, { state, since_ms: now(), reason: null, wrap_up_until_ms: null, ...more });
  publish('seat', seat.id, seat);
}
function publishCall() {
  const { call_id, stage, queue, caller_masked, started_ms, queued_ms, talk_ms, ended_ms, held, ticket_id, recording } = card;
  publish('call', call_id, { call_id, stage, queue, caller_masked, seat_id: seat.id, started_ms, queued_ms, talk_ms, ended_ms, end_reason: null, held, recording_paused: recording?.paused ?? false, ticket_id });
}
function row(ticket) {
  const { id, number, state, version, type, content_class, company, disposition, complete, agent_name, account_id, caller_masked, created_ms, updated_ms } = ticket;
  return { id, number, state, version, type, content_class, company, disposition, complete, agent_name, account_id, caller_masked, created_ms, updated_ms, text_head: (ticket.text ?? '').slice(0, 60) };
}

const scenes = {
  ring() {
    card = {
      call_id: 'c'.repeat(32), stage: 'waiting', line: 'main', line_label: '12345 政务服务便民热线', queue: 'business', queue_label: '优化营商环境专线',
      caller_masked: '138****0001', started_ms: now() - 41_000, queued_ms: now() - 23_000, talk_ms: null, ended_ms: null, ticket_id: null, held: false,
      recording: { id: 900, state: 'running', paused: false, problem: null },
      earlier_calls: [3, 9, 15].filter((id) => tickets.has(id)).map((id) => ({ call_id: String(id), started_ms: minutesAgo(id * 900), queue_label: '优化营商环境专线', end_reason: 'caller_hung_up', seat_name: '李建国', ticket_id: id, ticket_number: tickets.get(id).number })),
      earlier_tickets: [2, 4, 9].filter((id) => tickets.has(id)).map((id) => row(tickets.get(id))),
    };
    setSeat('ringing', { call_id: card.call_id });
    publishCall();
  },
  first() { scenes.ring(); card.earlier_calls = []; card.earlier_tickets = []; publishCall(); },
  talk() {
    if (card === null) scenes.ring();
    const id = Math.max(137, ...tickets.keys()) + 1;
    tickets.set(id, { id, agent_name: seat.name, call_id: card.call_id, source: 'call', number: `20261122${String(id).padStart(5, '0')}`, version: 1, state: 'draft', type: null, content_class: null, company: null, text: null, disposition: null, complete: false, account_id: 1, caller_masked: '138****0001', created_ms: now(), updated_ms: now(), timeline: [], recordings: [] });
    Object.assign(card, { stage: 'talking', talk_ms: now(), ticket_id: id });
    publishCall();
    setSeat('talking', { call_id: card.call_id });
  },
  end() {
    Object.assign(card, { stage: 'ended', ended_ms: now() });
    publishCall();
    setSeat('wrap_up', { call_id: card.call_id, wrap_up_until_ms: now() + 60_000 });
  },
  idle() { card = null; setSeat('available', { call_id: null }); },
  noanswer() { card = null; setSeat('no_answer', { call_id: null }); },
  queue() {
    waiting = [70, 22].map((seconds, index) => ({ call_id: `w${index}`.padStart(32, '0'), stage: 'waiting', queue: 'business', queued_ms: now() - seconds * 1000, seat_id: null }));
    for (const call of waiting) publish('call', call.call_id, call);
  },
  edit() { const ticket = tickets.get(card.ticket_id); ticket.text = '班长在另一处修改过的内容'; ticket.version += 1; publish('ticket', ticket.id, row(ticket)); },
  disk() { card.recording.problem = '录音存储空间不足'; publish('recording', 900, { id: 900, call_id: card.call_id, state: 'running', problem: 'disk_full' }); },
  cut() { for (const socket of sockets) socket.terminate(); },
  lapse() { signedIn = false; },
  empty() { tickets.clear(); missed.length = 0; },
};

const problem = (status, title, more = {}) => [status, { type: 'about:blank', title, status, ...more }];
const page = (items, query) => {
  const size = Number(query.get('size') ?? 20);
  const number = Number(query.get('page') ?? 1);
  return [200, { items: items.slice((number - 1) * size, number * size), total: items.length, page: number, size }];
};
const sessionBody = () => [200, { account: { id: 1, login: 'agent', name: seat.name, role }, csrf: 'mock', demo: true, seat: ['agent', 'expert'].includes(role) ? seat : null }];

function answer(method, path, query, body) {
  const at = `${method} ${path}`;
  if (at === 'POST /session') {
    if (body.password !== 'x') return problem(401, '账号或密码不正确。');
    if (settings.labels && ['agent', 'expert', 'supervisor', 'unit', 'admin'].includes(body.login)) role = body.login;
    signedIn = true;
    return sessionBody();
  }
  if (at === 'POST /demo/phone') return [200, { endpoint: 'citizen-0', password: 'x', uri: `sip:citizen-0@127.0.0.1`, ws: '/sip', dial: '12345' }];
  if (!signedIn) return problem(401, '请先登录');
  if (at === 'GET /session') return sessionBody();
  if (at === 'DELETE /session') { signedIn = false; return [204]; }
  if (at === 'GET /settings') return [200, settings];
  if (at === 'GET /seat') return [200, seat];
  if (at === 'POST /seat/phone') return [200, { endpoint: 'seat-000001', password: 'x', uri: 'sip:seat-000001@127.0.0.1', ws: '/sip' }];
  if (at === 'POST /seat/available') { if (!body.microphone) return problem(409, '没有麦克风，不能示闲。'); setSeat('available', { call_id: null }); card = null; return [200, seat]; }
  if (at === 'POST /seat/pause') { setSeat('paused', { reason: body.reason }); return [200, seat]; }
  if (at === 'POST /seat/offline') { setSeat('offline'); return [200, seat]; }
  if (at === 'POST /seat/wrap-up/end') { card = null; setSeat('available', { call_id: null }); return [200, seat]; }
  if (at === 'GET /calls/current') return card === null ? [204] : [200, card];
  if (/^POST \/calls\/\w+\/requests$/.test(at)) {
    if (body.verb === 'hold' || body.verb === 'resume') card.held = body.verb === 'hold';
    if (body.verb.endsWith('_recording')) card.recording.paused = body.verb === 'pause_recording';
    if (body.verb === 'hang_up') scenes.end(); else publishCall();
    return [200, { outcome: 'done' }];
  }
  if (at === 'GET /missed') return page(missed.filter((one) => !query.get('state') || one.state === query.get('state')), query);
  const done = /^POST \/missed\/(\d+)\/done$/.exec(at);
  if (done) { Object.assign(missed.find((one) => one.id === Number(done[1])), { state: 'done', done_ms: now(), done_by: seat.name }); publish('missed', done[1], { id: Number(done[1]), state: 'done' }); return [204]; }
  if (at === 'GET /floor') return [200, { seq, seats: [seat, ...others], queues: settings.queues.map(({ name, label }) => ({ name, label, waiting: 0, longest_since_ms: null })), calls: waiting }];
  if (at === 'GET /tickets') {
    const found = [...tickets.values()].filter((one) =>
      ['state', 'type', 'content_class', 'disposition'].every((name) => !query.get(name) || one[name] === query.get(name))
      && (!query.get('mine') || one.account_id === 1) && (!query.get('incomplete') || !one.complete)
      && (!query.get('q') || JSON.stringify(row(one)).includes(query.get('q'))));
    return page(found.sort((a, b) => b.created_ms - a.created_ms).map(row), query);
  }
  const ticketPath = /^(GET|PATCH|POST) \/tickets\/(\d+)(\/complete)?$/.exec(at);
  const ticket = ticketPath && tickets.get(Number(ticketPath[2]));
  if (ticketPath && !ticket) return problem(404, '没有这件工单。');
  if (ticket && method === 'GET') return [200, ticket];
  if (ticket && body.version !== ticket.version) return problem(409, '工单已被他人修改。', { current: ticket });
  if (ticket && method === 'PATCH') { Object.assign(ticket, body, { version: ticket.version + 1, updated_ms: now() }); publish('ticket', ticket.id, row(ticket)); return [200, ticket]; }
  if (ticket) {
    const errors = ['type', 'text', 'content_class'].filter((name) => !ticket[name]).map((field) => ({ field, message: '请填写此项' }));
    if (errors.length > 0) return problem(422, '工单还不完整。', { errors });
    const chosen = settings.dispositions.find((one) => one.code === ticket.disposition);
    Object.assign(ticket, { complete: true, state: chosen.state, version: ticket.version + 1 });
    if (seat.state === 'wrap_up') scenes.idle();
    publish('ticket', ticket.id, row(ticket));
    return [200, ticket];
  }
  return problem(404, '没有这个地址。');
}

const POLICY = "default-src 'none'; script-src 'self'; style-src 'self' 'nonce-mock'; img-src 'self' data:; media-src 'self' blob:; connect-src 'self'; font-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'; object-src 'none'";
const TYPES = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml', '.flac': 'audio/flac' };

function sendFile(request, response, file) {
  if (file.endsWith('.html')) {
    response.writeHead(200, { 'Content-Type': TYPES['.html'], 'Content-Security-Policy': POLICY });
    response.end(readFileSync(file, 'utf8').replace('__CSP_NONCE__', 'mock'));
    return;
  }
  const { size } = statSync(file);
  const range = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '');
  const start = range ? Number(range[1]) : 0;
  const end = range && range[2] ? Number(range[2]) : size - 1;
  const headers = { 'Content-Type': TYPES[extname(file)] ?? 'application/octet-stream', 'Content-Length': end - start + 1, 'Accept-Ranges': 'bytes', 'Content-Security-Policy': POLICY };
  if (range) headers['Content-Range'] = `bytes ${start}-${end}/${size}`;
  response.writeHead(range ? 206 : 200, headers);
  createReadStream(file, { start, end }).pipe(response);
}

const httpServer = createServer((request, response) => {
  const url = new URL(request.url, 'http://mock');
  const pieces = [];
  request.on('data', (piece) => pieces.push(piece));
  request.on('end', () => {
    if (url.pathname.startsWith('/mock/')) { scenes[url.pathname.slice(6)](); response.end('ok\n'); return; }
    const audio = process.env.MOCK_AUDIO;
    if (/\/recordings\/\d+\/audio$/.test(url.pathname) && audio) { sendFile(request, response, audio); return; }
    if (!url.pathname.startsWith('/api/v1')) {
      const wanted = join(dist, normalize(url.pathname));
      sendFile(request, response, wanted.startsWith(dist) && existsSync(wanted) && statSync(wanted).isFile() ? wanted : join(dist, 'index.html'));
      return;
    }
    const body = pieces.length > 0 ? JSON.parse(Buffer.concat(pieces).toString()) : {};
    const [status, data] = answer(request.method, url.pathname.slice(7), url.searchParams, body);
    response.writeHead(status, { 'Content-Type': 'application/json' });
    response.end(data === undefined ? undefined : JSON.stringify(data));
  });
});

const live = new WebSocketServer({ noServer: true });
live.on('connection', (socket, request) => {
  const since = new URL(request.url, 'http://mock').searchParams.get('since');
  sockets.add(socket);
  socket.on('close', () => sockets.delete(socket));
  socket.send(JSON.stringify({ type: 'hello', seq, reset: false }));
  for (const change of changes) if (since !== null && change.seq > Number(since)) socket.send(JSON.stringify(change));
});

// Enough of a registrar that a telephone shows as ready.
const sip = new WebSocketServer({ noServer: true, handleProtocols: () => 'sip' });
sip.on('connection', (socket) => socket.on('message', (data) => {
  const lines = data.toString().split('\r\n');
  const header = (name) => lines.find((line) => line.startsWith(`${name}:`)) ?? '';
  if (lines[0].startsWith('REGISTER')) socket.send(['SIP/2.0 200 OK', header('Via'), `${header('To')};tag=mock`, header('From'), header('Call-ID'), header('CSeq'), header('Contact'), 'Expires: 120', 'Content-Length: 0', '', ''].join('\r\n'));
}));

httpServer.on('upgrade', (request, socket, head) => {
  const target = request.url.startsWith('/sip') ? sip : live;
  if (target === live && !signedIn) { socket.end('HTTP/1.1 401 Unauthorized\r\n\r\n'); return; }
  target.handleUpgrade(request, socket, head, (accepted) => target.emit('connection', accepted, request));
});
httpServer.listen(port, '127.0.0.1', () => console.log(`mock on http://127.0.0.1:${port}`));
