/** One way to the server: JSON in, JSON out, problems as exceptions a screen can show. */
import type { z } from 'zod';

import { Problem } from './schema';
import { learnServerTime } from '../lib/clock';

const BASE = '/api/v1';
const LIMIT_MS = 10_000;

const NOTHING_MORE = {
  detail: null,
  errors: [],
  current: undefined,
  changes: [],
  reasons: [],
  allowed: [],
} satisfies Partial<Problem>;

/** The server refused, with a sentence for the person (RFC 9457). */
export class Refused extends Error {
  readonly status: number;
  readonly problem: Problem;

  constructor(problem: Pick<Problem, 'title' | 'status'> & Partial<Problem>) {
    super(problem.detail ?? problem.title);
    this.name = 'Refused';
    this.status = problem.status;
    this.problem = { ...NOTHING_MORE, ...problem };
  }

  fieldMessage(field: string): string | null {
    return this.problem.errors.find((error) => error.field === field)?.message ?? null;
  }
}

/** The server could not be reached within the limit. */
export class Unreachable extends Error {
  constructor(sentence = '连接不上服务器，请检查网络') {
    super(sentence);
    this.name = 'Unreachable';
  }
}

/** The network failed while the answer came: what was asked for may have been done. */
export class CutOff extends Unreachable {
  constructor() {
    super('网络中断，服务器的答复没有收全。请检查网络，刷新页面核对后再试');
    this.name = 'CutOff';
  }
}

/** The server said something this version does not understand. */
export class Misunderstood extends Error {
  constructor(what: string) {
    super(`服务器返回的数据无法识别（${what}），请刷新页面后再试`);
    this.name = 'Misunderstood';
  }
}

let csrf = '';
let onSignedOut: (() => void) | null = null;

export function setCsrf(token: string): void {
  csrf = token;
}

export function csrfToken(): string {
  return csrf;
}

/** `handler` is called when a request is answered with 401. */
export function whenSignedOut(handler: () => void): void {
  onSignedOut = handler;
}

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

function headersFor(method: Method, hasBody: boolean): Record<string, string> {
  const headers: Record<string, string> = { Accept: 'application/json' };
  if (hasBody) headers['Content-Type'] = 'application/json';
  if (method !== 'GET' && csrf !== '') headers['X-CSRF-Token'] = csrf;
  return headers;
}

export async function readProblem(response: Response): Promise<Problem> {
  const body: unknown = await response.json().catch(() => null);
  const parsed = Problem.safeParse(body);
  if (parsed.success) return parsed.data;
  const retry = response.headers.get('Retry-After');
  return {
    ...NOTHING_MORE,
    title: response.status >= 500 ? '服务器暂时不能处理' : '请求没有被接受',
    status: response.status,
    detail: retry === null ? null : `请在 ${retry} 秒后再试`,
  };
}

async function send(method: Method, path: string, body: unknown): Promise<Response> {
  let response: Response;
  try {
    const init: RequestInit = {
      method,
      headers: headersFor(method, body !== undefined),
      credentials: 'same-origin',
      signal: AbortSignal.timeout(LIMIT_MS),
    };
    if (body !== undefined) init.body = JSON.stringify(body);
    response = await fetch(BASE + path, init);
  } catch {
    throw new Unreachable();
  }
  learnServerTime(response.headers.get('Date'));
  // A reverse proxy without its server behind it is, to us, no server.
  if (response.status === 502) throw new Unreachable();
  if (!response.ok) {
    if (response.status === 401 && path !== '/session') onSignedOut?.();
    throw new Refused(await readProblem(response));
  }
  return response;
}

/**
 * The body of an answer as JSON; undefined when it is none.
 *
 * A body that stops before its end, by the limit or by the line, is the network's failure.
 * Throws CutOff.
 */
export async function readAnswer(response: Response): Promise<unknown> {
  let text: string;
  try {
    text = await response.text();
  } catch {
    throw new CutOff();
  }
  try {
    return JSON.parse(text) as unknown;
  } catch {
    // What stands between us and the server can end a body early and say that this was all of it.
    if (response.headers.get('Content-Type')?.includes('json') === true) throw new CutOff();
    return undefined;
  }
}

/** Ask and parse the answer; throws Refused, Unreachable or Misunderstood. */
export async function ask<T extends z.ZodType>(
  method: Method,
  path: string,
  schema: T,
  body?: unknown,
): Promise<z.output<T>> {
  const response = await send(method, path, body);
  return understand(schema, await readAnswer(response), path);
}

/** As `ask`, with null for 204 No Content. */
export async function askMaybe<T extends z.ZodType>(
  method: Method,
  path: string,
  schema: T,
): Promise<z.output<T> | null> {
  const response = await send(method, path, undefined);
  if (response.status === 204) return null;
  return understand(schema, await readAnswer(response), path);
}

/** Ask where the answer's body does not matter. */
export async function tell(method: Method, path: string, body?: unknown): Promise<void> {
  await send(method, path, body);
}

/** Goes out even when the page is closing; nobody waits for the answer. */
export function tellWhileClosing(method: Method, path: string, body: unknown): void {
  const farewell = fetch(BASE + path, {
    method,
    headers: headersFor(method, true),
    credentials: 'same-origin',
    keepalive: true,
    body: JSON.stringify(body),
  });
  // The page is gone before an answer could be shown; the local draft is what keeps the text.
  farewell.catch(() => undefined);
}

export function understand<T extends z.ZodType>(
  schema: T,
  data: unknown,
  what: string,
): z.output<T> {
  const parsed = schema.safeParse(data);
  if (!parsed.success) {
    const path = parsed.error.issues[0]?.path.join('.') ?? '';
    throw new Misunderstood(`${what.split('?')[0] ?? what} ${path}`.trim());
  }
  return parsed.data;
}

/** The sentence for the person. */
export function sentence(error: unknown): string {
  return error instanceof Error ? error.message : '发生了意外的错误，请刷新页面后再试';
}

export function query(values: Record<string, string | number | boolean | null | undefined>): string {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) {
    if (value !== null && value !== undefined && value !== '' && value !== false) params.set(name, String(value));
  }
  const text = params.toString();
  return text === '' ? '' : `?${text}`;
}
