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

export type Action =
  | 'answer'
  | 'hold'
  | 'mute'
  | 'three-way'
  | 'transfer'
  | 'keypad'
  | 'pause-recording'
  | 'hang-up'
  | 'emergency'
  | 'cancel'
  | 'back'
  | 'swap'
  | 'join'
  | 'leave'
  | 'help'
  | 'main';

export const KEYS: readonly { action: Action; keys: string; label: string; note: string }[] = [
  { action: 'answer', keys: 'Enter / F2', label: '接听', note: '振铃时；正在输入文字时用 F2' },
  { action: 'hold', keys: 'F4 / Alt+H', label: '保持、取回', note: '通话中' },
  { action: 'mute', keys: 'Alt+M', label: '静音、取消静音', note: '通话中' },
  { action: 'three-way', keys: 'Alt+S', label: '三方：咨询、三方通话', note: '通话中' },
  { action: 'transfer', keys: 'Alt+Z', label: '转接', note: '通话中' },
  { action: 'keypad', keys: 'Alt+K', label: '键盘', note: '通话中' },
  { action: 'pause-recording', keys: 'Alt+P', label: '暂停、恢复录音', note: '通话中' },
  { action: 'hang-up', keys: 'Alt+X', label: '挂机', note: '通话中' },
  { action: 'emergency', keys: 'Alt+U', label: '紧急联动', note: '通话中' },
  { action: 'cancel', keys: 'Alt+C', label: '取消呼叫', note: '呼叫专家时' },
  { action: 'back', keys: 'Alt+B', label: '返回来电人', note: '咨询中' },
  { action: 'swap', keys: 'Alt+Q', label: '切换', note: '咨询中' },
  { action: 'join', keys: 'Alt+J', label: '三方会议', note: '咨询中' },
  { action: 'leave', keys: 'Alt+L', label: '退出并留下专家', note: '咨询中、三方通话中' },
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

const ALT: Readonly<Record<string, Action>> = {
  KeyH: 'hold',
  KeyM: 'mute',
  KeyS: 'three-way',
  KeyZ: 'transfer',
  KeyK: 'keypad',
  KeyP: 'pause-recording',
  KeyX: 'hang-up',
  KeyU: 'emergency',
  KeyC: 'cancel',
  KeyB: 'back',
  KeyQ: 'swap',
  KeyJ: 'join',
  KeyL: 'leave',
};

function altAction(code: string): Action | null {
  return ALT[code] ?? null;
}

/** The key as a button shows it; empty when the action has none. */
export function keysOf(action: Action): string {
  return KEYS.find((row) => row.action === action)?.keys ?? '';
}
