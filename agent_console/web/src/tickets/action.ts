/** What the main button of the form will do, in words. Pure. */
import type { Disposition } from '../api/schema';

export interface MainAction {
  label: string;
  /** What happens then, said under the button. */
  effect: string;
}

export function mainAction(
  dispositions: readonly Disposition[],
  code: string | null,
  stateLabels: Readonly<Record<string, string>>,
): MainAction | null {
  const chosen = dispositions.find((disposition) => disposition.code === code);
  if (chosen === undefined) return null;
  const state = stateLabels[chosen.state] ?? chosen.state;
  if (!chosen.closes) return { label: '转派', effect: `提交后工单转为“${state}”` };
  if (chosen.state === 'rejected') return { label: '不予受理', effect: `提交后工单转为“${state}”` };
  return { label: '办结', effect: `提交后工单转为“${state}”` };
}
