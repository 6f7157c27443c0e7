/**
 * Controls used by pointer give the keyboard back, so that space runs and arrows pan at once. Controls used by keyboard
 * keep the focus: it is where their user is.
 */
import { useEventListener } from '@vueuse/core';

const GIVES_BACK = 'button, [role=tab], [role=separator], summary';

export function usePointerFocus(): void {
  let byPointer = false;
  const giveBack = (event: Event, wanted: string): void => {
    const control = event.target instanceof Element ? event.target.closest(wanted) : null;
    if (byPointer && control instanceof HTMLElement && !control.closest('dialog, [role=menu]')) control.blur();
  };
  useEventListener(window, 'pointerdown', () => (byPointer = true), { capture: true });
  useEventListener(window, 'keydown', () => (byPointer = false), { capture: true });
  useEventListener(window, 'click', (event) => {
    // The trigger of an open menu keeps the focus until the menu is closed.
    if (event.target instanceof Element && !event.target.closest('[aria-expanded=true][aria-haspopup]'))
      giveBack(event, GIVES_BACK);
  });
  useEventListener(window, 'pointerup', (event) => giveBack(event, '[role=separator]'));
  useEventListener(window, 'change', (event) => giveBack(event, 'select'));
}
