/** Files of the web form: what may come, told before a byte is sent. Pure. */

export interface FileRules {
  most: number;
  most_mb: number;
  kinds: readonly string[];
}

/** A file on the page: on its way, received (`id` is set), or refused with a sentence. */
export interface Shown {
  readonly at: number;
  /** What the citizen calls it; of one from before a reload only its kind is known. */
  readonly name: string;
  readonly size_bytes: number;
  id: string;
  share: number;
  wrong: string;
  /** Whether it may come when it is sent once more. */
  again: boolean;
}

const MB = 1_000_000;

/** "照片（jpg、png）或 PDF，最多 5 个，每个不超过 10 MB" */
export function rulesWords(rules: FileRules): string {
  const photos = rules.kinds.filter((kind) => kind !== 'pdf' && kind !== 'jpeg');
  const kinds = [
    photos.length > 0 ? `照片（${photos.join('、')}）` : '',
    rules.kinds.includes('pdf') ? 'PDF' : '',
  ].filter((words) => words !== '');
  return `${kinds.join('或 ')}，最多 ${rules.most} 个，每个不超过 ${rules.most_mb} MB`;
}

/** For the picker of the browser. */
export function accepted(rules: FileRules): string {
  return rules.kinds.map((kind) => `.${kind}`).join(',');
}

/** Why this file can't come; empty when it can. */
export function wrongFile(rules: FileRules, name: string, sizeBytes: number): string {
  const kind = /\.([^.]+)$/.exec(name)?.[1]?.toLowerCase() ?? '';
  if (!rules.kinds.includes(kind)) return '不是能上传的格式，请选择照片（jpg、png）或 PDF';
  if (sizeBytes === 0) return '文件是空的';
  if (sizeBytes > rules.most_mb * MB) return `超过 ${rules.most_mb} MB，请压缩后再试`;
  return '';
}

/** What stands in the way of sending the form; empty when nothing does. */
export function filesMistake(files: readonly Shown[]): string {
  if (files.some(({ wrong }) => wrong !== '')) return '有文件没有上传成功，请重试或移除';
  if (files.some(({ id }) => id === '')) return '文件还在上传，请等上传完成后再提交';
  return '';
}
