/** Codes of the administration in words. Pure. */
import type { Role } from '../api/schema';
import type { DayKind, Duty } from './schema';

export const ROLE_WORDS: Record<Role, string> = {
  agent: '话务员',
  expert: '专家',
  supervisor: '班长',
  unit: '承办单位人员',
  admin: '系统管理员',
};

export const DUTY_WORDS: Record<Duty, string> = {
  dispatch: '派单',
  office: '热线办',
  approve: '答复认定',
  follow_up: '回访',
  supervise: '督办',
  sign: '签发',
};
export const DUTIES = Object.keys(DUTY_WORDS) as Duty[];

/** What a person may do who has no duty of his own: by role. */
export const DEFAULT_DUTIES: Partial<Record<Role, readonly Duty[]>> = {
  supervisor: ['dispatch', 'office', 'approve', 'follow_up', 'supervise'],
};

/** Roles that may have duties; people of units and experts have their own work. */
export const ON_DUTY: ReadonlySet<Role> = new Set(['agent', 'supervisor']);
/** Roles whose seat callers may be offered to. */
export const WITH_SKILLS: ReadonlySet<Role> = new Set(['agent', 'expert', 'supervisor']);

/** "派单、回访"; those of the role are marked as such. */
export function dutyWords(role: Role, duties: readonly Duty[]): string {
  const own = duties.length > 0;
  const held = own ? duties : (DEFAULT_DUTIES[role] ?? []);
  if (held.length === 0) return '—';
  const words = DUTIES.filter((duty) => held.includes(duty)).map((duty) => DUTY_WORDS[duty]);
  return words.join('、') + (own ? '' : '（按角色）');
}

export const DAY_WORDS: Record<DayKind, string> = { work: '上班', half: '半天', off: '休息' };

/** Where notices to a unit go, in the order of its form; an SMS goes to its duty telephone. */
export const CHANNELS: readonly { name: string; label: string; hint: string }[] = [
  { name: 'zwding', label: '浙政钉', hint: '接收人账号编码，多个以逗号分隔' },
  { name: 'head_zwding', label: '浙政钉（负责人）', hint: '逾期和督办时使用' },
  { name: 'email', label: '电子邮件', hint: '' },
  { name: 'head_email', label: '电子邮件（负责人）', hint: '逾期和督办时使用' },
  { name: 'dingtalk', label: '钉钉机器人', hint: '系统设置中的机器人名称' },
  { name: 'webhook', label: '接口推送', hint: '系统设置中的接口名称' },
];
