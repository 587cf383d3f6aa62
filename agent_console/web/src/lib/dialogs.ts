/** What a dialog does with keys, apart from the page: pure, so that it can be held to a table. */

/** What is under way, and what is typed and would be lost. */
export interface Unsent {
  busy: boolean;
  typed: boolean;
}

/** Whether a dialog may close by Esc, its cross or a press beside it; `ask` is put to the person. */
export async function mayLeave(unsent: Unsent, ask: () => Promise<boolean>): Promise<boolean> {
  // What is under way is answered first: its answer belongs into this dialog.
  if (unsent.busy) return false;
  return !unsent.typed || ask();
}

interface Press {
  key: string;
  ctrlKey: boolean;
  altKey: boolean;
  repeat: boolean;
  isComposing: boolean;
}

/** Ctrl+Enter sends, also from a text of several lines; not while a word is being composed. */
export function isSend(press: Press): boolean {
  return press.key === 'Enter' && press.ctrlKey && !press.altKey && !press.repeat && !press.isComposing;
}

/** Where Tab goes from the place `at` of `count`, when it is not to leave; null: as the browser does. */
export function tabbed(at: number, count: number, back: boolean): number | null {
  if (count === 0) return null;
  if (back) return at <= 0 ? count - 1 : null;
  return at === count - 1 ? 0 : null;
}
