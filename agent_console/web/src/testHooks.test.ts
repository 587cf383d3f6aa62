/// <reference types="node" />
import { readFileSync } from 'node:fs';

import { expect, it } from 'vitest';

const page = readFileSync(new URL('../../../docs/console.md', import.meta.url), 'utf8');

const sources = import.meta.glob<string>('./**/*.vue', {
  query: '?raw',
  import: 'default',
  eager: true,
});
const all = Object.values(sources).join('\n');

const inSources = new Set(
  [...all.matchAll(/\s(?:data-test|row-hook)="([^"]+)"/g)].map(([, name]) => name ?? ''),
);
/** Names put together at run time, by their beginning: `ticket-type-${…}`. */
const beginnings = [...all.matchAll(/:data-test="`([a-z-]*)\$\{/g)].map(([, name]) => name ?? '');
const named = [...all.matchAll(/name="(call-key|phone-key)"/g)].map(([, name]) => `${name ?? ''}-`);
const patterns = new Set([...beginnings, ...named].filter((name) => name !== ''));

const section = page.slice(page.indexOf('## How a test finds its way'));
const inPage = [...section.matchAll(/`([a-z][a-z-]+(?:<code>)?)`/g)]
  .map(([, name]) => name ?? '')
  .filter((name) => name !== 'data-test' && !name.startsWith('data-'));

it('docs/console.md names every hook of the sources', () => {
  const missing = [...inSources].filter((name) => !inPage.includes(name));
  expect(missing).toEqual([]);
  const missingPatterns = [...patterns].filter((name) => !inPage.includes(`${name}<code>`));
  expect(missingPatterns).toEqual([]);
});

it('docs/console.md names no hook that is not there', () => {
  const unknown = inPage.filter((name) =>
    name.endsWith('<code>')
      ? ![...patterns].some((pattern) => name.startsWith(pattern))
      : !inSources.has(name),
  );
  expect(unknown).toEqual([]);
});
