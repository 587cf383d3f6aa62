/** The requests of the public pages, by name; nobody is signed in there. */
import { ask } from '../api/http';
import * as schema from './schema';

export const publicServer = {
  form: () => ask('GET', '/public/form', schema.PublicForm),
  submit: (fields: Record<string, unknown>) =>
    ask('POST', '/public/tickets', schema.Submitted, fields),
  status: (number: string, last4: string) =>
    ask('POST', '/public/status', schema.Status, { number, last4 }),
};
