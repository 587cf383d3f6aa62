/** Listens to the keyboard while the component lives; a handler returning false lets a key pass. */
import { onMounted, onScopeDispose } from 'vue';

import { actionOf, type Action, type Where } from './shortcuts';

const TYPED_IN = new Set(['text', 'search', 'password', 'email', 'number', 'tel', 'url', 'date']);

export function isTyping(element: Element | null): boolean {
  if (element instanceof HTMLTextAreaElement || element instanceof HTMLSelectElement) return true;
  if (element instanceof HTMLInputElement) return TYPED_IN.has(element.type);
  return element instanceof HTMLElement && element.isContentEditable;
}

export function dialogOpen(): boolean {
  return document.querySelector('.el-overlay-dialog, .el-message-box') !== null
    && [...document.querySelectorAll('.el-overlay')].some(
      (overlay) => overlay instanceof HTMLElement && overlay.style.display !== 'none',
    );
}

export function useShortcuts(
  handlers: Partial<Record<Action, () => boolean>>,
  ringing: () => boolean,
): void {
  function pressed(event: KeyboardEvent): void {
    const where: Where = {
      typing: isTyping(document.activeElement),
      dialog: dialogOpen(),
      ringing: ringing(),
    };
    const action = actionOf(event, where);
    if (action === null || event.repeat) return;
    if (handlers[action]?.() === true) {
      event.preventDefault();
      event.stopPropagation();
    }
  }
  // Capture: the key belongs to the call even when a button has the focus.
  onMounted(() => addEventListener('keydown', pressed, { capture: true }));
  onScopeDispose(() => removeEventListener('keydown', pressed, { capture: true }));
}
