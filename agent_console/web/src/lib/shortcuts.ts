/** Keys of the workplace. Pure: a key press goes in, the name of an action comes out. */

export interface KeyPress {
  key: string;
  code: string;
  altKey: boolean;
  ctrlKey: boolean;
  metaKey: boolean;
  shiftKey: boolean;
  /** The input method is putting a Chinese word together; keyCode 229 is its older sign. */
  isComposing: boolean;
  keyCode: number;
}

export interface Where {
  /** The focus is in a field in which one types. */
  typing: boolean;
  /** A dialog is open. */
  dialog: boolean;
  ringing: boolean;
}

export type Action = 'answer' | 'hold' | 'mute' | 'hang-up' | 'pause-recording' | 'help' | 'main';

export const KEYS: readonly { action: Action; keys: string; label: string; note: string }[] = [
  { action: 'answer', keys: 'Enter / F2', label: '接听', note: '振铃时；正在输入文字时用 F2' },
  { action: 'hold', keys: 'F4 / Alt+H', label: '保持、取回', note: '通话中' },
  { action: 'mute', keys: 'Alt+M', label: '静音、取消静音', note: '通话中' },
  { action: 'pause-recording', keys: 'Alt+P', label: '暂停、恢复录音', note: '通话中' },
  { action: 'hang-up', keys: 'Alt+X', label: '挂机', note: '通话中' },
  { action: 'main', keys: 'Ctrl+Enter', label: '提交工单', note: '在工单表单中' },
  { action: 'help', keys: '?', label: '显示本说明', note: '未在输入文字时' },
];

export function actionOf(press: KeyPress, where: Where): Action | null {
  if (press.isComposing || press.keyCode === 229) return null;
  if (press.metaKey) return null;
  const bare = !press.altKey && !press.ctrlKey && !press.shiftKey;
  if (bare && press.key === 'F2') return where.ringing ? 'answer' : null;
  if (bare && press.key === 'F4') return 'hold';
  if (bare && press.key === 'Enter') {
    return where.ringing && !where.typing && !where.dialog ? 'answer' : null;
  }
  if (press.ctrlKey && !press.altKey && press.key === 'Enter') return where.dialog ? null : 'main';
  // Alt and Control together are AltGr on many keyboards: that is typing.
  if (press.altKey && !press.ctrlKey && !press.shiftKey) return altAction(press.code);
  // The Chinese keyboard's question mark is full width.
  const question = press.key === '?' || press.key === '？';
  return question && !press.altKey && !press.ctrlKey && !where.typing && !where.dialog
    ? 'help'
    : null;
}

function altAction(code: string): Action | null {
  switch (code) {
    case 'KeyH':
      return 'hold';
    case 'KeyM':
      return 'mute';
    case 'KeyP':
      return 'pause-recording';
    case 'KeyX':
      return 'hang-up';
    default:
      return null;
  }
}
