/** A file on its way to the server, as it is; its problems come back as any other's. */
import type { z } from 'zod';

import { csrfToken, readAnswer, readProblem, Refused, understand, Unreachable } from '../api/http';

const BASE = '/api/v1';
/** A table of some thousand lines is checked before the answer comes. */
const LIMIT_MS = 120_000;

export async function upload<T extends z.ZodType>(
  path: string,
  schema: T,
  file: Blob,
  mediaType: string,
): Promise<z.output<T>> {
  let response: Response;
  try {
    response = await fetch(BASE + path, {
      method: 'POST',
      headers: {
        Accept: 'application/json',
        'Content-Type': mediaType,
        'X-CSRF-Token': csrfToken(),
      },
      credentials: 'same-origin',
      signal: AbortSignal.timeout(LIMIT_MS),
      body: file,
    });
  } catch {
    throw new Unreachable();
  }
  if (response.status === 502) throw new Unreachable();
  if (!response.ok) throw new Refused(await readProblem(response));
  return understand(schema, await readAnswer(response), path);
}
