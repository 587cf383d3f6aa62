/** A person as the form holds it, and what of it goes to the server. Pure. */
import type { Role } from '../api/schema';
import type { Duty, Person } from './schema';
import { ON_DUTY, WITH_SKILLS } from './words';

export interface PersonValues {
  version: number;
  name: string;
  login: string;
  role: Role;
  unit_id: number | null;
  head: boolean;
  duties: Duty[];
  /** Whether she has a seat at all; without queues it is for calls of her own. */
  seat: boolean;
  /** Level by queue, 1 answers first; a queue she does not answer is not in it. */
  levels: Record<string, number>;
  open: boolean;
}

export const LABELS: Record<string, string> = {
  name: '姓名',
  login: '账号',
  role: '角色',
  unit_id: '所属单位',
  head: '单位负责人',
  duties: '职责',
  skills: '座席',
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
    seat: person !== null && person.skills !== null,
    levels: Object.fromEntries((person?.skills ?? []).map(({ queue, level }) => [queue, level])),
    open: person?.open ?? true,
  };
}

/** What a role can't have is not sent: a unit, duties, queues. */
export function personFields(values: PersonValues, before: Person | null): Record<string, unknown> {
  const ofUnit = values.role === 'unit';
  const fields = {
    name: values.name.trim(),
    role: values.role,
    unit_id: ofUnit ? values.unit_id : null,
    head: ofUnit && values.head,
    duties: ON_DUTY.has(values.role) ? values.duties : [],
    skills: values.seat ? skillsOf(values) : null,
  };
  return before === null
    ? { ...fields, login: values.login.trim() }
    : { ...fields, open: values.open, version: values.version };
}

function skillsOf({ role, levels }: PersonValues): { queue: string; level: number }[] {
  if (!WITH_SKILLS.has(role)) return [];
  return Object.entries(levels).map(([queue, level]) => ({ queue, level }));
}
