/** The requests of the public pages, by name; nobody is signed in there. */
import { ask, tell } from '../api/http';
import * as schema from './schema';

export const publicServer = {
  form: () => ask('GET', '/public/form', schema.PublicForm),
  submit: (fields: Record<string, unknown>) =>
    ask('POST', '/public/tickets', schema.Submitted, fields),
  files: (key: string) => ask('GET', `/public/files?key=${encodeURIComponent(key)}`, schema.WaitingFiles),
  removeFile: (key: string, id: string) =>
    tell('DELETE', `/public/files/${id}?key=${encodeURIComponent(key)}`),
  status: (number: string, last4: string) =>
    ask('POST', '/public/status', schema.Status, { number, last4 }),
};
