/** Requests of the closed loop, by name. */
import { ask, query, tell } from '../api/http';
import * as schema from '../api/schema';
import { listOf } from '../api/server';
import * as loop from './schema';

/** The form as it stands; its own ticket is not offered. */
export interface AlikeOf {
  ticket_id: number;
  company: string;
  text: string;
  credit_code: string | null;
  content_class: string | null;
}

export const ticketServer = {
  desks: () => ask('GET', '/desks', listOf(loop.Desk)),
  list: (name: string, open: boolean, page: number, size: number) =>
    ask('GET', `/lists/${name}${query({ open: String(open), page, size })}`, schema.pageOf(loop.ListRow)),
  papersToSign: () => ask('GET', '/papers?state=to_sign', listOf(loop.PaperRow)),

  move: (id: number, version: number, move: string, form: Record<string, unknown>) =>
    ask('POST', `/tickets/${id}/moves`, schema.Ticket, { version, move, form }),
  preview: (id: number, move: string, form: Record<string, unknown>) =>
    ask('POST', `/tickets/${id}/preview`, loop.Preview, { move, form }),
  trace: (id: number) => ask('GET', `/tickets/${id}/trace`, loop.Trace),
  letter: (paper: number) => ask('GET', `/papers/${paper}`, loop.Letter),
  alike: (of: AlikeOf) => ask('POST', '/tickets/alike', loop.Alikes, of),
  unmask: (id: number, reason: string) =>
    ask('POST', `/tickets/${id}/unmask`, loop.Unmasked, { reason }),

  /** A part that is left out stays as it was. */
  keepContact: (id: number, contact: { name?: string; number?: string }) =>
    ask('PUT', `/tickets/${id}/contact`, loop.Contact, contact),

  units: () => ask('GET', '/units', listOf(loop.UnitName)),
  attachments: (id: number) => ask('GET', `/tickets/${id}/attachments`, listOf(loop.Attachment)),
  checkAttachment: (id: number, name: string, size: number) =>
    tell('POST', `/tickets/${id}/attachments/check`, { name, size_bytes: size }),
  removeAttachment: (id: number) => tell('DELETE', `/attachments/${id}`),
};

export const attachmentAddress = (id: number): string => `/api/v1/attachments/${id}`;
