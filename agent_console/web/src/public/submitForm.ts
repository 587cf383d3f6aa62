/** The web form of intake: what is kept while it is typed, and what is wrong with it. Pure. */
import { cleanCode, wrongCode } from '../lib/creditCode';
import { plain } from './statusForm';

export interface SubmitValues {
  type: string;
  content_class: string;
  region: string;
  company: string;
  credit_code: string;
  text: string;
  name: string;
  number: string;
  agreed: boolean;
  /** A field that people do not see; machines fill it in. */
  website: string;
  /** Tells a second sending of the same form from a second form. */
  key: string;
}

export const TEXT_LEAST = 5;

export const LABELS: Record<string, string> = {
  type: '诉求类型',
  content_class: '内容分类',
  region: '所在区域',
  company: '企业名称',
  credit_code: '统一社会信用代码',
  text: '诉求内容',
  name: '联系人',
  number: '联系电话',
  files: '照片和文件',
  agreed: '个人信息处理告知',
};

export function blank(key: string): SubmitValues {
  return {
    type: '', content_class: '', region: '', company: '', credit_code: '', text: '',
    name: '', number: '', agreed: false, website: '', key,
  };
}

/** A sentence a field, in the order of the form. */
export function submitMistakes(values: SubmitValues, most: number): Record<string, string> {
  const wrong: Record<string, string> = {};
  if (values.type === '') wrong['type'] = '请选择诉求类型';
  const code = wrongCode(values.credit_code);
  if (code !== '') wrong['credit_code'] = `${code}；不清楚可以不填`;
  const length = values.text.trim().length;
  if (length < TEXT_LEAST) wrong['text'] = `请说明时间、地点、事情经过和您的要求，至少 ${TEXT_LEAST} 个字`;
  else if (length > most) wrong['text'] = `最多 ${most} 个字，现有 ${length} 个字`;
  if (values.name.trim() === '') wrong['name'] = '请填写联系人';
  if (!isTelephone(values.number)) wrong['number'] = '请填写 11 位手机号码，或带区号的固定电话';
  if (!values.agreed) wrong['agreed'] = '提交前请阅读并同意';
  return wrong;
}

/** A mobile number, or an area code with a number behind it; dashes and spaces do not matter. */
export function isTelephone(text: string): boolean {
  const digits = plain(text).replace(/[-()]/g, '').replace(/^(\+|00)86/, '');
  return /^1[3-9]\d{9}$/.test(digits) || /^0[1-9]\d{8,10}$/.test(digits);
}

export function submitFields(
  values: SubmitValues,
  files: readonly string[] = [],
): Record<string, unknown> {
  return {
    ...values,
    files,
    content_class: values.content_class === '' ? null : values.content_class,
    credit_code: cleanCode(values.credit_code) || null,
    company: values.company.trim(),
    text: values.text.trim(),
    name: values.name.trim(),
    number: plain(values.number).replace(/[-()]/g, ''),
  };
}

/** What may lie in the tab's own storage: never who reports, and not the consent. */
export function kept(values: SubmitValues): Partial<SubmitValues> {
  const { type, content_class, region, company, credit_code, text, key } = values;
  return { type, content_class, region, company, credit_code, text, key };
}

/** What was kept, put over an empty form; anything that is not ours is left out. */
export function restored(stored: string | null, key: string): SubmitValues {
  const values = blank(key);
  let read: unknown;
  try {
    read = stored === null ? null : JSON.parse(stored);
  } catch {
    return values;
  }
  if (typeof read !== 'object' || read === null) return values;
  const found = read as Record<string, unknown>;
  const own = Object.keys(kept(values)).filter((name) => typeof found[name] === 'string');
  return { ...values, ...Object.fromEntries(own.map((name) => [name, found[name]])) };
}
