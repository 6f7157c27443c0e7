/** What the user likes, kept in the browser's storage between visits. */
import { defineStore } from 'pinia';
import { parsePreferences, type Preferences } from './stored-preferences';

const KEY = 'faultline.preferences';

export const usePreferencesStore = defineStore('preferences', {
  state: (): Preferences => parsePreferences(localStorage.getItem(KEY)),
  actions: {
    /** The opposite of what is shown: one press always changes what is seen. */
    toggleTheme(shownDark: boolean) {
      this.theme = shownDark ? 'light' : 'dark';
      this.save();
    },
    setTab(id: string) {
      this.bottomTab = id;
      this.save();
    },
    toggleFold(id: string) {
      this.folded = this.folded.includes(id) ? this.folded.filter((other) => other !== id) : [...this.folded, id];
      this.save();
    },
    setSize(which: 'sideWidth' | 'bottomHeight', pixels: number) {
      this[which] = pixels;
      this.save();
    },
    setSideHidden(hidden: boolean) {
      this.sideHidden = hidden;
      this.save();
    },
    toggle(which: 'boundsShown' | 'boundsAfterRuns') {
      this[which] = !this[which];
      this.save();
    },
    save() {
      localStorage.setItem(KEY, JSON.stringify(this.$state));
    },
  },
});
