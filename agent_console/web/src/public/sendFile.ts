/** One file on its way, with how far it is: `fetch` tells nothing of that, so the older way is used. */
import { csrfToken, Refused, Unreachable } from '../api/http';
import { Problem } from '../api/schema';
import { WaitingFile } from './schema';

const STALLED_MS = 30_000;

export interface Sending {
  done: Promise<WaitingFile>;
  stop: () => void;
}

export function sendFile(key: string, name: string, file: Blob, told: (share: number) => void): Sending {
  const request = new XMLHttpRequest();
  const done = new Promise<WaitingFile>((resolve, reject) => {
    let stalled = setTimeout(() => request.abort(), STALLED_MS);
    const alive = (): void => {
      clearTimeout(stalled);
      stalled = setTimeout(() => request.abort(), STALLED_MS);
    };
    request.upload.onprogress = ({ loaded, total }) => {
      alive();
      told(total === 0 ? 0 : loaded / total);
    };
    request.onloadend = () => {
      clearTimeout(stalled);
      const read = parsed(request.responseText);
      if (request.status === 0 || request.status === 502) reject(new Unreachable());
      else if (request.status === 200) {
        const made = WaitingFile.safeParse(read);
        if (made.success) resolve(made.data);
        else reject(new Unreachable());
      } else {
        const problem = Problem.safeParse(read);
        reject(
          new Refused(
            problem.success ? problem.data : { title: '文件没有被接受', status: request.status },
          ),
        );
      }
    };
    const query = new URLSearchParams({ key, name });
    request.open('POST', `/api/v1/public/files?${query.toString()}`);
    request.setRequestHeader('Content-Type', 'application/octet-stream');
    request.setRequestHeader('Accept', 'application/json');
    if (csrfToken() !== '') request.setRequestHeader('X-CSRF-Token', csrfToken());
    request.send(file);
  });
  return { done, stop: () => request.abort() };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return null;
  }
}
