/** Requests of the digests, by name. */
import { ask, query } from '../api/http';
import { pageOf } from '../api/schema';
import { listOf } from '../api/server';
import { type Act, Digest, DigestRow, Suggestion } from './schema';

export const digestServer = {
  list: () => ask('GET', '/digests', listOf(DigestRow)),
  digest: (period: string) => ask('GET', `/digests/${period}`, Digest),
  act: (period: string, act: Act, version: number, more: { text?: string; answer?: string } = {}) =>
    ask('POST', `/digests/${period}`, Digest, { act, version, ...more }),
  suggestions: (period: string, page: number, size: number) =>
    ask('GET', `/digests/${period}/tickets${query({ page, size })}`, pageOf(Suggestion)),
};
