/** A file on its way to the server, with its progress; `fetch` can't tell how far it is. */
import type { z } from 'zod';

import { csrfToken, CutOff, Misunderstood, readProblem, Refused, understand, Unreachable } from '../api/http';

/** Nothing went out and nothing came back for so long: the line is dead. */
const STALLED_MS = 30_000;

export interface Sending<T> {
  done: Promise<T>;
  cancel: () => void;
}

/** `onProgress` gets a share from 0 to 1. */
export function sendFile<T extends z.ZodType>(
  path: string,
  schema: T,
  file: File,
  onProgress: (share: number) => void,
): Sending<z.output<T>> {
  const request = new XMLHttpRequest();
  const done = new Promise<z.output<T>>((resolve, reject) => {
    request.open('POST', `/api/v1${path}`);
    request.setRequestHeader('Accept', 'application/json');
    request.setRequestHeader('Content-Type', 'application/octet-stream');
    request.setRequestHeader('X-CSRF-Token', csrfToken());
    let stopped = false;
    let stalled = setTimeout(giveUp, STALLED_MS);
    function giveUp(): void {
      stopped = true;
      request.abort();
    }
    request.onloadend = () => clearTimeout(stalled);
    request.upload.onprogress = (event) => {
      clearTimeout(stalled);
      stalled = setTimeout(giveUp, STALLED_MS);
      if (event.lengthComputable && event.total > 0) onProgress(event.loaded / event.total);
    };
    request.onerror = () => reject(new Unreachable());
    request.onabort = () => reject(stopped ? new Unreachable() : new Cancelled());
    request.onload = () => {
      if (request.status >= 200 && request.status < 300) {
        try {
          resolve(understand(schema, JSON.parse(request.responseText) as unknown, path));
        } catch (error) {
          reject(error instanceof Misunderstood ? error : new CutOff());
        }
        return;
      }
      const answer = new Response(request.responseText || null, { status: Math.max(200, request.status) });
      readProblem(answer).then((problem) => reject(new Refused(problem)), reject);
    };
    request.send(file);
  });
  return { done, cancel: () => request.abort() };
}

/** The person stopped the upload. */
export class Cancelled extends Error {
  constructor() {
    super('已取消上传');
    this.name = 'Cancelled';
  }
}
