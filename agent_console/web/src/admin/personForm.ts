/** A person as the form holds it, and what of it goes to the server. Pure. */
import type { Role } from '../api/schema';
import type { Duty, Person } from './schema';

export interface PersonValues {
  version: number;
  name: string;
  login: string;
  role: Role;
  unit_id: number | null;
  head: boolean;
  duties: Duty[];
  open: boolean;
}

export const LABELS: Record<string, string> = {
  name: '姓名',
  login: '账号',
  role: '角色',
  unit_id: '所属单位',
  head: '单位负责人',
  duties: '职责',
  open: '启用',
};

export function personValues(person: Person | null): PersonValues {
  return {
    version: person?.version ?? 0,
    name: person?.name ?? '',
    login: person?.login ?? '',
    role: person?.role ?? 'agent',
    unit_id: person?.unit_id ?? null,
    head: person?.head ?? false,
    duties: [...(person?.duties ?? [])],
    open: person?.open ?? true,
  };
}

/** Only people of the role `unit` have a unit; they have no duties of the hotline's own. */
export function personFields(values: PersonValues, before: Person | null): Record<string, unknown> {
  const ofUnit = values.role === 'unit';
  const fields = {
    name: values.name.trim(),
    role: values.role,
    unit_id: ofUnit ? values.unit_id : null,
    head: ofUnit && values.head,
    duties: ofUnit ? [] : values.duties,
  };
  return before === null
    ? { ...fields, login: values.login.trim() }
    : { ...fields, open: values.open, version: values.version };
}
