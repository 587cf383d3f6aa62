/** What stands in a paper, part by part, in the order in which it is read. Pure. */
import type { Paper } from './schema';

export interface Part {
  label: string;
  text: string;
}

const LABELS: Readonly<Record<string, string>> = {
  issue: '争议焦点',
  present: '参加单位和人员',
  basis: '依据',
  ruling: '研判结论',
  unit_id: '裁定承办单位',
  within_duty: '属承办单位职责范围',
  causes: '认定情形',
  evidence: '认定依据',
  reason: '理由',
  days: '延长工作日',
  told: '向来电人说明的情况',
  proper_unit_id: '建议承办单位',
  ground: '情形',
  letter: '整改要求',
};
const GROUNDS: Readonly<Record<string, string>> = {
  withdrawn: '来电人撤回',
  procedure: '已进入诉讼、复议等程序',
};

export interface PaperWords {
  causes: Readonly<Record<string, string>>;
  unit: (id: number) => string | null;
}

/** A paper's or a wish's members; one that is a text alone needs no label. */
export function partsOf(body: Readonly<Record<string, unknown>>, words: PaperWords): Part[] {
  return Object.entries(body)
    .map(([name, value]) => ({ label: LABELS[name] ?? '', text: said(name, value, words) }))
    .filter(({ text }) => text !== '');
}

function said(name: string, value: unknown, words: PaperWords): string {
  if (typeof value === 'boolean') return value ? '是' : '否';
  if (name.endsWith('unit_id') && typeof value === 'number') return words.unit(value) ?? `单位 ${value}`;
  if (typeof value === 'number') return String(value);
  if (Array.isArray(value)) {
    return value.map((one) => words.causes[String(one)] ?? String(one)).join('、');
  }
  if (typeof value !== 'string') return '';
  return name === 'ground' ? (GROUNDS[value] ?? value) : value;
}

/** Papers that leave the house as a letter, and so are printed as one. */
const LETTERS = new Set(['rectification_letter', 'special_report', 'discipline_report']);

export function isLetter(paper: Pick<Paper, 'kind'>): boolean {
  return LETTERS.has(paper.kind);
}
