/** What a person may order against the staffing rule. */
import type { OverrideMode } from './schema';

export const MODES: Record<OverrideMode, { label: string; what: string }> = {
  auto: { label: '按规则自动调席', what: '等候超过限值时自动调入其他技能的座席，缓解后自动收回。' },
  hold: { label: '保持现状', what: '不再调入，也不收回已调入的座席。' },
  off: { label: '停止调席', what: '收回已调入的座席，不再调入。' },
};
