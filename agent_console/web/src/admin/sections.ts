/** The pages of the administration, and who may open them. Pure. */
import type { Role } from '../api/schema';

export interface Section {
  name: string;
  label: string;
  roles: readonly Role[];
}

export const SECTIONS: readonly Section[] = [
  { name: 'units', label: '承办单位', roles: ['admin'] },
  { name: 'people', label: '人员', roles: ['admin'] },
  { name: 'classes', label: '内容分类', roles: ['admin'] },
  { name: 'catalogue', label: '派单目录', roles: ['admin'] },
  { name: 'calendar', label: '工作日历', roles: ['admin'] },
  { name: 'periods', label: '办理时限', roles: ['admin'] },
  { name: 'texts', label: '文本', roles: ['admin'] },
  { name: 'keys', label: '接入密钥', roles: ['admin'] },
  { name: 'notices', label: '通知发送', roles: ['admin', 'supervisor'] },
];

export function sectionsOf(role: Role | undefined): Section[] {
  return role === undefined ? [] : SECTIONS.filter(({ roles }) => roles.includes(role));
}
