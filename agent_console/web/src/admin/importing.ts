/** What is said of a table that was, or was not, taken in. Pure. */
import type { Imported } from './schema';

export interface BadLine {
  where: string;
  message: string;
}

const MOST_BYTES = 10_000_000;

/** Why a chosen file is not worth sending; empty when it is. */
export function whyNotTaken(file: { name: string; size: number }, ending: string): string {
  if (!file.name.toLowerCase().endsWith(`.${ending}`)) return `请选择 .${ending} 格式的文件。`;
  if (file.size === 0) return '文件是空的，请重新选择。';
  if (file.size > MOST_BYTES) return '文件超过 10 MB，请拆分后再导入。';
  return '';
}

/** By the first number of where they are; those without one (the file as a whole) stand first. */
export function sortedByLine(errors: readonly { field: string; message: string }[]): BadLine[] {
  const line = (where: string): number => Number(/\d+/.exec(where)?.[0] ?? 0);
  return errors
    .map(({ field, message }) => ({ where: placeOf(field), message }))
    .sort((a, b) => line(a.where) - line(b.where));
}

function placeOf(field: string): string {
  if (/^\d+$/.test(field)) return `第 ${field} 行`;
  return field === 'file' || field === '' ? '整个文件' : field;
}

/** What the table would do, before it is taken in. */
export function wouldWords(look: Imported): string {
  const parts = counts(look);
  if (look.added + look.changed + look.removed === 0) return '文件与现有内容相同，导入后各项不变。';
  const listed = look.changes.length;
  const more = look.added + look.changed + look.removed > listed ? `，以下列出前 ${listed} 条` : '';
  return `导入后将${parts.join('，')}${more}。`;
}

/** 新增, 修改 or 删除: the colour of a line says it as a word. */
export function whatHappens({ before, after }: Imported['changes'][number]): string {
  if (before === '') return '新增';
  return after === '' ? '删除' : '修改';
}

export function importedWords(done: Imported): string {
  const parts = counts(done);
  return `已导入${parts.length === 0 ? '，内容没有变化' : `：${parts.join('，')}`}。`;
}

function counts(done: Imported): string[] {
  return [
    done.added > 0 ? `新增 ${done.added} 条` : '',
    done.changed > 0 ? `修改 ${done.changed} 条` : '',
    done.removed > 0 ? `删除 ${done.removed} 条` : '',
    done.unchanged > 0 ? `${done.unchanged} 条没有变化` : '',
    done.recomputed > 0 ? `重新计算了 ${done.recomputed} 件未办结工单的期限` : '',
  ].filter((part) => part !== '');
}
