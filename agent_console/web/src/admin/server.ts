/** The requests of the administration, by name. */
import { ask, query, tell } from '../api/http';
import { pageOf } from '../api/schema';
import * as schema from './schema';
import { upload } from './upload';

const XLSX = 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet';

/** Fields as a form has them; the server knows their names. */
export type Fields = Record<string, unknown>;

export const adminServer = {
  units: () => ask('GET', '/admin/units', schema.itemsOf(schema.Unit)),
  makeUnit: (fields: Fields) => ask('POST', '/admin/units', schema.Unit, fields),
  changeUnit: (id: number, fields: Fields) => ask('PATCH', `/admin/units/${id}`, schema.Unit, fields),

  people: () => ask('GET', '/admin/people', schema.itemsOf(schema.Person)),
  makePerson: (fields: Fields) => ask('POST', '/admin/people', schema.PersonMade, fields),
  changePerson: (id: number, fields: Fields) =>
    ask('PATCH', `/admin/people/${id}`, schema.Person, fields),
  newPassword: (id: number) => ask('POST', `/admin/people/${id}/password`, schema.NewPassword, {}),

  classes: () => ask('GET', '/admin/classes', schema.itemsOf(schema.TicketClass)),
  makeClass: (fields: Fields) => ask('POST', '/admin/classes', schema.TicketClass, fields),
  changeClass: (code: string, fields: Fields) =>
    ask('PATCH', `/admin/classes/${encodeURIComponent(code)}`, schema.TicketClass, fields),

  catalogue: () => ask('GET', '/admin/catalogue', schema.itemsOf(schema.DispatchRule)),
  setRule: (fields: Fields) => ask('POST', '/admin/catalogue', schema.DispatchRule, fields),
  dropRule: (classCode: string, region: string, version: number) =>
    tell(
      'DELETE',
      `/admin/catalogue/${encodeURIComponent(classCode)}${query({ region, version })}`,
    ),
  /** `whole`: lines that the file does not have go. `trial`: only what would change is told. */
  importCatalogue: (file: Blob, whole: boolean, trial: boolean) =>
    upload(`/admin/catalogue/import${query({ whole, trial })}`, schema.Imported, file, XLSX),

  /** Without a region the place's own; the whole country is "". */
  calendar: (year: number, region: string | null) =>
    ask(
      'GET',
      `/admin/calendar${query({ year })}${region === null ? '' : `&region=${encodeURIComponent(region)}`}`,
      schema.CalendarYear,
    ),
  setDay: (fields: Fields) => ask('PATCH', '/admin/calendar', schema.DaySet, fields),
  importCalendar: (year: number, region: string, source: string, file: Blob, trial: boolean) =>
    upload(
      `/admin/calendar/import${query({ year, region, source, trial })}`,
      schema.Imported,
      file,
      'text/csv',
    ),

  periods: () => ask('GET', '/admin/periods', schema.itemsOf(schema.Period)),
  setPeriod: (name: string, value: number | null) =>
    ask('PATCH', `/admin/periods/${name}`, schema.Period, { value }),

  texts: () => ask('GET', '/admin/texts', schema.itemsOf(schema.PlaceText)),
  setText: (name: string, body: string | null) =>
    ask('PATCH', `/admin/texts/${encodeURIComponent(name)}`, schema.PlaceText, { body }),

  intakeKeys: () => ask('GET', '/admin/intake-keys', schema.itemsOf(schema.IntakeKey)),
  makeIntakeKey: (name: string) => ask('POST', '/admin/intake-keys', schema.IntakeKeyMade, { name }),
  closeIntakeKey: (id: number) => tell('POST', `/admin/intake-keys/${id}/close`, {}),

  notices: (state: string, page: number, size: number) =>
    ask(
      'GET',
      `/admin/notices${query({ state, page, size })}`,
      pageOf(schema.Outgoing).extend({ counts: schema.Counts }),
    ),
  sendAgain: (id: number) => tell('POST', `/admin/notices/${id}/again`, {}),
  dropNotice: (id: number) => tell('POST', `/admin/notices/${id}/drop`, {}),
};

export const CATALOGUE_EXPORT = '/api/v1/admin/catalogue/export';
