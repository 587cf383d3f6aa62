import { afterEach, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';

import { upload } from '../admin/upload';
import { ask, askMaybe, CutOff, Misunderstood, Refused, tell, Unreachable } from './http';

const Seat = z.object({ name: z.string() });
const JSON_TYPE = { 'Content-Type': 'application/json' };

function answers(body: BodyInit | null, init: ResponseInit = { headers: JSON_TYPE }): void {
  vi.stubGlobal('fetch', () => Promise.resolve(new Response(body, init)));
}
/** Headers and a first piece arrive; then `error` ends it. */
function breaksOff(error: Error, init: ResponseInit = { headers: JSON_TYPE }): void {
  const body = new ReadableStream({
    start(stream) {
      stream.enqueue(new TextEncoder().encode('{"name":'));
      stream.error(error);
    },
  });
  answers(body, init);
}
async function failure(doing: Promise<unknown>): Promise<Error> {
  return doing.then(
    () => new Error('nothing failed'),
    (error: unknown) => error as Error,
  );
}

afterEach(() => vi.unstubAllGlobals());

describe('an answer that is cut off', () => {
  const ways: [string, Error][] = [
    ['by the limit', new DOMException('The operation timed out.', 'TimeoutError')],
    ['by the line', new TypeError('network error')],
  ];
  it.each(ways)('%s is the network that failed, and says what to do', async (_, error) => {
    for (const asked of [
      () => ask('GET', '/seat', Seat),
      () => askMaybe('GET', '/seat', Seat),
      () => upload('/seats', Seat, new Blob(['x']), 'text/csv'),
    ]) {
      breaksOff(error);
      const failed = await failure(asked());
      expect(failed).toBeInstanceOf(CutOff);
      expect(failed).toBeInstanceOf(Unreachable);
      expect(failed.message).toContain('网络中断');
      expect(failed.message).toContain('请检查网络');
      expect(failed.message).not.toContain('无法识别');
    }
  });

  it('is known even where something in between says that this was all of it', async () => {
    for (const piece of ['{"name":"张', '{"name":{"a":1}', '']) {
      answers(piece);
      expect(await failure(ask('GET', '/seat', Seat)), piece).toBeInstanceOf(CutOff);
    }
  });

  it('leaves a refusal a refusal', async () => {
    breaksOff(new TypeError('network error'), { status: 403, headers: JSON_TYPE });
    const failed = await failure(ask('GET', '/seat', Seat));
    expect(failed).toBeInstanceOf(Refused);
    expect(failed).toMatchObject({ status: 403 });
  });

  it('is no failure where the body does not matter', async () => {
    breaksOff(new TypeError('network error'));
    await expect(tell('POST', '/seat/bye')).resolves.toBeUndefined();
  });
});

describe('an answer that came whole', () => {
  it('is taken', async () => {
    answers('{"name":"座席"}');
    await expect(ask('GET', '/seat', Seat)).resolves.toEqual({ name: '座席' });
  });

  it('of another shape is not understood', async () => {
    answers('{"label":"座席"}');
    expect(await failure(ask('GET', '/seat?page=1', Seat))).toBeInstanceOf(Misunderstood);
  });

  it('from somebody else is not understood', async () => {
    answers('<html>请登录无线网络</html>', { headers: { 'Content-Type': 'text/html' } });
    expect(await failure(ask('GET', '/seat', Seat))).toBeInstanceOf(Misunderstood);
  });

  it('without a body is null where that is foreseen', async () => {
    answers(null, { status: 204 });
    await expect(askMaybe('GET', '/seat', Seat)).resolves.toBeNull();
  });
});

it('a request that is never answered is unreachable, and not cut off', async () => {
  vi.stubGlobal('fetch', () => Promise.reject(new DOMException('timed out', 'TimeoutError')));
  const failed = await failure(ask('GET', '/seat', Seat));
  expect(failed).toBeInstanceOf(Unreachable);
  expect(failed).not.toBeInstanceOf(CutOff);
});
