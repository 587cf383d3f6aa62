import { describe, expect, it } from 'vitest';

import { missingClasses } from './catalogue';
import { classFields, classMistakes, classValues } from './classForm';
import { importedWords, sortedByLine, whatHappens, whyNotTaken, wouldWords } from './importing';
import { counts, dayByKey, marked, months, sources, unusual, weekday } from './months';
import { periodMistake, periodWords } from './periods';
import { personFields, personValues } from './personForm';
import { classPicks, regionLabel, regionPicks, unitPicks } from './picks';
import { leftOver, whatChanged } from './refusal';
import type { Day, DispatchRule, Period, Person, TicketClass, Unit } from './schema';
import { sectionsOf } from './sections';
import { readable, withGap } from './texts';
import { itselfAndBelow, treeRows } from './tree';
import { unitFields, unitValues } from './unitForm';
import { dutyWords } from './words';

interface Node {
  id: number;
  above: number | null;
}
const OF = { key: (node: Node) => node.id, parent: (node: Node) => node.above };
const TREE: Node[] = [
  { id: 3, above: 1 },
  { id: 1, above: null },
  { id: 2, above: null },
  { id: 4, above: 3 },
];
const shown = (rows: { item: Node; depth: number }[]) => rows.map((row) => [row.item.id, row.depth]);

describe('a tree as rows', () => {
  it('puts each below its parent, whatever the order of the list', () => {
    expect(shown(treeRows(TREE, OF, new Set(), null))).toEqual([[1, 0], [3, 1], [4, 2], [2, 0]]);
  });
  it('hides what is below a closed row and says how many', () => {
    const rows = treeRows(TREE, OF, new Set([1]), null);
    expect(shown(rows)).toEqual([[1, 0], [2, 0]]);
    expect(rows[0]).toMatchObject({ below: 1, open: false });
  });
  it('shows what is looked for with the way down to it, closed or not', () => {
    const rows = treeRows(TREE, OF, new Set([1]), (node) => node.id === 4);
    expect(shown(rows)).toEqual([[1, 0], [3, 1], [4, 2]]);
  });
  it('loses nothing whose parent is missing or that is its own ancestor', () => {
    const odd: Node[] = [{ id: 5, above: 99 }, { id: 6, above: 7 }, { id: 7, above: 6 }];
    const rows = treeRows(odd, OF, new Set(), null);
    expect(rows.map((row) => row.item.id).sort()).toEqual([5, 6, 7]);
  });
  it('knows who can not become the parent', () => {
    expect([...itselfAndBelow(TREE, OF, 1)].sort()).toEqual([1, 3, 4]);
  });
});

function day(of: string, kind: Day['kind'], source = ''): Day {
  return { day: of, kind, source, announced: true, own: false };
}
function plainYear(year: number): Day[] {
  const first = Date.UTC(year, 0, 1);
  const length = (Date.UTC(year + 1, 0, 1) - first) / 86_400_000;
  return Array.from({ length }, (_, index) => {
    const of = new Date(first + index * 86_400_000).toISOString().slice(0, 10);
    return day(of, weekday(of) >= 5 ? 'off' : 'work');
  });
}

describe('the calendar', () => {
  it('begins weeks on Monday', () => {
    expect(weekday('2026-11-23')).toBe(0);
    expect(weekday('2026-11-22')).toBe(6);
  });
  it.each([2024, 2026, 2027])('lays every day of %i on one of twelve sheets, at its weekday', (year) => {
    const sheets = months(plainYear(year));
    expect(sheets).toHaveLength(12);
    const cells = sheets.flatMap(({ weeks }) => weeks);
    expect(cells.every((week) => week.length === 7)).toBe(true);
    const days = cells.flatMap((week) => week.filter((one) => one !== null));
    expect(days.map((one) => one.day)).toEqual(plainYear(year).map((one) => one.day));
    const astray = cells.flatMap((week) =>
      week.filter((one, place) => one !== null && weekday(one.day) !== place),
    );
    expect(astray).toEqual([]);
  });
  it('goes by arrow keys and stops at the ends of the year', () => {
    expect(dayByKey('2026-03-01', 'ArrowLeft')).toBe('2026-02-28');
    expect(dayByKey('2028-02-28', 'ArrowRight')).toBe('2028-02-29');
    expect(dayByKey('2026-11-22', 'ArrowDown')).toBe('2026-11-29');
    expect(dayByKey('2026-01-05', 'ArrowUp')).toBeNull();
    expect(dayByKey('2026-12-31', 'ArrowRight')).toBeNull();
    expect(dayByKey('2026-11-22', 'Enter')).toBeNull();
  });
  it('marks what the plain week does not say', () => {
    expect(unusual(day('2026-02-14', 'work'))).toBe(true); // a Saturday
    expect(unusual(day('2026-02-17', 'off'))).toBe(true); // a Tuesday
    expect(unusual(day('2026-02-16', 'half'))).toBe(true);
    expect(unusual(day('2026-02-21', 'off'))).toBe(false);
    expect(marked(day('2026-02-21', 'off', '通知'))).toBe(true);
    expect(marked(day('2026-02-24', 'work', '通知'))).toBe(false);
  });
  it('names each source once and counts the days', () => {
    const days = [day('2026-01-01', 'off', '甲'), day('2026-01-02', 'off', '甲'), day('2026-01-04', 'work', '乙')];
    expect(sources(days)).toEqual(['甲', '乙']);
    expect(counts(days)).toEqual({ work: 1, half: 0, off: 2 });
  });
});

describe('an import', () => {
  it('is not sent when the file can not be meant', () => {
    expect(whyNotTaken({ name: '目录.xls', size: 9 }, 'xlsx')).toContain('.xlsx');
    expect(whyNotTaken({ name: '目录.xlsx', size: 0 }, 'xlsx')).toContain('空');
    expect(whyNotTaken({ name: '目录.xlsx', size: 20_000_000 }, 'xlsx')).toContain('10 MB');
    expect(whyNotTaken({ name: '目录.XLSX', size: 9 }, 'xlsx')).toBe('');
  });
  it('lists bad lines by their number, those of the whole file first', () => {
    const lines = sortedByLine([
      { field: '第 3000 行，主办单位', message: '甲' },
      { field: '12', message: '乙' },
      { field: 'file', message: '丙' },
    ]);
    expect(lines.map(({ where }) => where)).toEqual(['整个文件', '第 12 行', '第 3000 行，主办单位']);
  });
  it('says what became of it', () => {
    const none = { added: 0, changed: 0, removed: 0, unchanged: 0, recomputed: 0, changes: [] };
    expect(importedWords({ ...none, added: 2, recomputed: 3 })).toBe(
      '已导入：新增 2 条，重新计算了 3 件未办结工单的期限。',
    );
    expect(importedWords(none)).toBe('已导入，内容没有变化。');
    expect(wouldWords(none)).toBe('文件与现有内容相同，导入后各项不变。');
    const change = { where: '拖欠工程款', before: '工信局', after: '住建局' };
    expect(wouldWords({ ...none, changed: 1, unchanged: 4, changes: [change] })).toBe(
      '导入后将修改 1 条，4 条没有变化。',
    );
    expect(wouldWords({ ...none, added: 900, changes: [change] })).toContain('以下列出前 1 条');
    expect(whatHappens(change)).toBe('修改');
    expect(whatHappens({ ...change, before: '' })).toBe('新增');
    expect(whatHappens({ ...change, after: '' })).toBe('删除');
  });
});

describe('a refusal', () => {
  const LABELS = { name: '名称', code: '编码' };
  const problem = { title: '内容不完整', status: 422, detail: '请检查', current: undefined, changes: [], reasons: [], allowed: [] };
  it('stands at its field, or below when no field is its own', () => {
    expect(leftOver({ ...problem, errors: [{ field: 'name', message: '必填' }] }, LABELS)).toContain('标出');
    expect(leftOver({ ...problem, errors: [{ field: 'odd', message: '不对' }] }, LABELS)).toBe('odd：不对');
    expect(leftOver({ ...problem, errors: [] }, LABELS)).toBe('请检查');
  });
  it('names what somebody else changed, and the version to save over', () => {
    const clash = whatChanged({ version: 7, name: '乙', code: 'a' }, { version: 6, name: '甲', code: 'a' }, LABELS);
    expect(clash?.version).toBe(7);
    expect(clash?.sentence).toContain('（名称）');
    expect(whatChanged(undefined, {}, LABELS)).toBeNull();
  });
});

function unit(id: number, more: Partial<Unit> = {}): Unit {
  return {
    id, code: `u${id}`, name: `单位${id}`, parent_id: null, region: '', open: true, duty_name: '',
    duty_masked: '', open_tickets: 0, addresses: {}, version: 1, ...more,
  };
}
function ticketClass(code: string, more: Partial<TicketClass> = {}): TicketClass {
  return {
    code, parent: null, label: code, place: 0, open: true, pass_on_days: null, handle_days: null,
    handle_most_days: null, basis: '', version: 1, ...more,
  };
}
function rule(classCode: string): DispatchRule {
  return {
    class_code: classCode, class_label: '', region: '', unit_id: 1, unit_name: '', assisting: [], version: 1,
  };
}

describe('what can be picked', () => {
  it('is no closed unit and none that must not be', () => {
    const picks = unitPicks([unit(1), unit(2, { parent_id: 1, open: false }), unit(3)], new Set([3]));
    expect(picks.map(({ value, disabled, depth }) => [value, disabled, depth])).toEqual([
      [1, false, 0],
      [2, true, 1],
      [3, true, 0],
    ]);
    expect(classPicks([ticketClass('a', { open: false })])[0]?.disabled).toBe(true);
  });
  it('is a region by its name, by its code when it has none', () => {
    const named = [{ code: '450921', label: '容县' }];
    expect(regionLabel(named, '450921')).toBe('容县');
    expect(regionLabel(named, '')).toBe('全部区域');
    expect(regionPicks(named, ['450902', '']).map(({ label }) => label)).toEqual(['450902', '容县']);
  });
});

describe('the dispatch catalogue', () => {
  it('lacks the open leaves that neither they nor a class above have a rule for', () => {
    const classes = [
      ticketClass('a'), ticketClass('a1', { parent: 'a' }), ticketClass('b'),
      ticketClass('b1', { parent: 'b' }), ticketClass('c', { open: false }),
    ];
    expect(missingClasses(classes, [rule('a')])).toEqual(['b1']);
    expect(missingClasses(classes, [])).toEqual(['a1', 'b1']);
  });
});

describe('forms', () => {
  it('of a unit leave the duty number alone unless it was typed or removed', () => {
    const before = unit(1, { duty_masked: '0775-***0000', addresses: { email: 'a@example.cn' } });
    const values = unitValues(before);
    expect(unitFields(values, before)).not.toHaveProperty('duty_number');
    expect(unitFields({ ...values, duty_number: ' 07750000001 ' }, before)['duty_number']).toBe('07750000001');
    expect(unitFields({ ...values, duty_removed: true }, before)['duty_number']).toBe('');
    expect(unitFields(values, before)['addresses']).toEqual({ email: 'a@example.cn' });
    expect(unitFields(values, before)['version']).toBe(1);
    expect(unitFields(unitValues(null), null)).not.toHaveProperty('version');
  });
  it('of a class refuse periods that can not be, and those without a law', () => {
    const values = { ...classValues(null, 10), handle_days: '90', handle_most_days: '30' };
    expect(Object.keys(classMistakes(values))).toEqual(['handle_most_days', 'basis']);
    expect(classMistakes({ ...values, handle_days: '0' })).toHaveProperty('handle_days');
    expect(classMistakes({ ...values, handle_days: '' })).toHaveProperty('handle_days');
    expect(classMistakes({ ...values, handle_days: '30', handle_most_days: '90', basis: '条例' })).toEqual({});
    expect(classFields({ ...values, handle_days: '' }, null)['handle_days']).toBeNull();
  });
  it('of a person send what the role can have', () => {
    const values = { ...personValues(null), duties: ['dispatch' as const], head: true, unit_id: 3, seat: true, levels: { business: 2 } };
    expect(personFields({ ...values, role: 'agent' }, null)).toMatchObject({
      duties: ['dispatch'], unit_id: null, head: false, skills: [{ queue: 'business', level: 2 }],
    });
    expect(personFields({ ...values, role: 'unit' }, null)).toMatchObject({
      duties: [], unit_id: 3, head: true, skills: [],
    });
    const person: Person = {
      id: 1, login: 'a', name: '甲', role: 'agent', unit_id: null, unit_name: '', head: false,
      duties: [], skills: null, open: true, version: 4,
    };
    expect(personFields(personValues(person), person)).toMatchObject({ skills: null, open: true, version: 4 });
  });
  it('say of duties whether they are the person’s own', () => {
    expect(dutyWords('supervisor', [])).toContain('（按角色）');
    expect(dutyWords('supervisor', ['sign', 'dispatch'])).toBe('派单、签发');
    expect(dutyWords('unit', [])).toBe('—');
  });
});

describe('periods and texts', () => {
  const period: Period = {
    name: 'accept_days', label: '签收', value: 1, default: 1, low: 1, high: 5, unit: '个工作日', basis: 'Q',
    at_ms: null, by: '',
  };
  it('are shown with what they count, and kept within their bounds', () => {
    expect(periodWords(period, 2)).toBe('2 个工作日');
    expect(periodWords({ ...period, unit: '开关', low: 0, high: 1 }, 1)).toBe('采用');
    expect(periodMistake(period, '5')).toBe('');
    for (const typed of ['0', '6', '1.5', '', '一']) expect(periodMistake(period, typed)).not.toBe('');
  });
  it('read as sentences, with the names of what is filled in', () => {
    const gaps = [{ name: 'number', label: '工单编号' }, { name: 'due', label: '期限' }];
    expect(readable('工单{number}[，请于{due}前签收]。{odd}', gaps)).toBe('工单〔工单编号〕，请于〔期限〕前签收。{odd}');
    expect(withGap('工单已派', 'number', 2, 2)).toEqual({ body: '工单{number}已派', cursor: 10 });
  });
});

it('a supervisor sees the notices alone, an agent nothing', () => {
  expect(sectionsOf('supervisor').map(({ name }) => name)).toEqual(['notices']);
  expect(sectionsOf('agent')).toEqual([]);
  expect(sectionsOf('admin')).toHaveLength(9);
});
