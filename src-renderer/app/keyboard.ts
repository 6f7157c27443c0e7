/** Keys of the whole window. Text fields keep theirs; buttons keep space and enter. */
import { useEventListener } from '@vueuse/core';

export interface KeyBinding {
  readonly keys: readonly string[];
  readonly shown: string;
  readonly does: string;
  readonly run: () => void;
}

const TYPING = 'input:not([type=checkbox]):not([type=range]), textarea, select, [contenteditable]';
const PRESSED_BY_SPACE = 'button, a, summary, input';
const MOVED_BY_ARROWS = '[role=tab], [role=separator], input[type=range]';

/** true: the focused element wants this key for itself. */
function keepsKey(target: EventTarget | null, key: string): boolean {
  if (!(target instanceof Element)) return false;
  if (target.closest('dialog, [role=menu]')) return true;
  if (target.closest(TYPING)) return key !== 'Escape';
  if (key === ' ') return target.closest(PRESSED_BY_SPACE) !== null;
  return key.startsWith('Arrow') && target.closest(MOVED_BY_ARROWS) !== null;
}

export function useKeyboard(bindings: readonly KeyBinding[]): void {
  useEventListener(window, 'keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || keepsKey(event.target, event.key)) return;
    const binding = bindings.find(({ keys }) => keys.includes(event.key));
    if (!binding) return;
    event.preventDefault();
    binding.run();
  });
}
