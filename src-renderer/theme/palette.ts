/** Colour tokens for code that cannot use CSS (canvas, ECharts): read once per theme, then plain look-ups. */
import { inject, type InjectionKey, type ShallowRef } from 'vue';

export interface Palette {
  readonly dark: boolean;
  /** Value of the custom property `--name`. */
  token(name: string): string;
}

const OBJECT_COLOURS = 10;

/** Token of an object: by its index in the run, so that table, timeline and charts agree; −1 is "other objects". */
export const objectToken = (object: number): string =>
  object < 0 ? 'object-other' : `object-${object % OBJECT_COLOURS}`;

export function readPalette(root: HTMLElement): Palette {
  const style = getComputedStyle(root);
  const known = new Map<string, string>();
  return {
    dark: root.dataset['theme'] === 'dark',
    token(name) {
      let value = known.get(name);
      if (value === undefined) {
        value = style.getPropertyValue(`--${name}`).trim() || '#808080';
        known.set(name, value);
      }
      return value;
    },
  };
}

export const paletteKey: InjectionKey<ShallowRef<Palette>> = Symbol('palette');

export function usePalette(): ShallowRef<Palette> {
  const palette = inject(paletteKey);
  if (!palette) throw new Error('usePalette() is called outside of the application');
  return palette;
}
