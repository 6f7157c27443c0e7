/** Colour tokens for code that cannot use CSS (canvas, ECharts): read once per theme, then plain look-ups. */
import { inject, type InjectionKey, type ShallowRef } from 'vue';
import { COLOURS, type Colour } from '../../src-core/model/catalog/colours';

export interface Palette {
  readonly dark: boolean;
  /** Value of the custom property `--name`. */
  token(name: string): string;
}

/** Gives the document the theme and, as custom properties, the colours of what charts show. */
export function applyTheme(root: HTMLElement, theme: keyof Colour): void {
  root.dataset['theme'] = theme;
  for (const [token, colour] of Object.entries(COLOURS)) root.style.setProperty(`--${token}`, colour[theme]);
}

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
  if (!palette) throw new Error('usePalette() was called outside the application');
  return palette;
}
