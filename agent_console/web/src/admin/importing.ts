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

export function importedWords(done: Imported): string {
  const parts = [
    done.added > 0 ? `新增 ${done.added} 条` : '',
    done.changed > 0 ? `修改 ${done.changed} 条` : '',
    done.removed > 0 ? `删除 ${done.removed} 条` : '',
    done.unchanged > 0 ? `${done.unchanged} 条没有变化` : '',
    done.recomputed > 0 ? `重新计算了 ${done.recomputed} 件未办结工单的期限` : '',
  ].filter((part) => part !== '');
  return `已导入${parts.length === 0 ? '，内容没有变化' : `：${parts.join('，')}`}。`;
}
