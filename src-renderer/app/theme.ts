/** Puts the chosen theme on the document, before the first paint, and gives its colours to the drawing code. */
import { usePreferredDark } from '@vueuse/core';
import { computed, provide, shallowRef, watch, type ComputedRef } from 'vue';
import { usePreferencesStore } from '../stores/preferences';
import { applyTheme, paletteKey, readPalette } from '../theme/palette';

export function useTheme(): { readonly dark: ComputedRef<boolean>; toggle(): void } {
  const preferences = usePreferencesStore();
  const systemDark = usePreferredDark();
  const dark = computed(() => (preferences.theme === 'system' ? systemDark.value : preferences.theme === 'dark'));
  const root = document.documentElement;
  const apply = (): void => {
    applyTheme(root, dark.value ? 'dark' : 'light');
  };
  apply();
  const palette = shallowRef(readPalette(root));
  provide(paletteKey, palette);
  watch(dark, () => {
    apply();
    palette.value = readPalette(root);
  });
  return { dark, toggle: () => preferences.toggleTheme(dark.value) };
}
