/** A file on its way to the server, with its progress; `fetch` can't tell how far it is. */
import type { z } from 'zod';

import { csrfToken, readProblem, Refused, understand, Unreachable } from '../api/http';

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
    request.upload.onprogress = (event) => {
      if (event.lengthComputable && event.total > 0) onProgress(event.loaded / event.total);
    };
    request.onerror = () => reject(new Unreachable());
    request.ontimeout = () => reject(new Unreachable());
    request.onabort = () => reject(new Cancelled());
    request.onload = () => {
      if (request.status >= 200 && request.status < 300) {
        try {
          resolve(understand(schema, JSON.parse(request.responseText) as unknown, path));
        } catch (error) {
          reject(error instanceof Error ? error : new Unreachable());
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
