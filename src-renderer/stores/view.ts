/** What part of the run is looked at. Ids and ranges only. */
import { defineStore } from 'pinia';

export interface Range {
  readonly from: number;
  readonly to: number;
}

export const useViewStore = defineStore('view', {
  state: () => ({
    /** null: the whole run, as it grows. */
    zoom: null as Range | null,
    /** A zoomed view that moves along with the end of the run. */
    follow: false,
    /** Brushed range; the numbers of the object table are those of this range. */
    selection: null as Range | null,
    /** Object that is emphasised everywhere. */
    focusObject: null as number | null,
  }),
  actions: {
    fit() {
      this.zoom = null;
      this.follow = false;
    },
    zoomTo(range: Range) {
      this.zoom = range;
    },
    select(range: Range | null) {
      this.selection = range;
    },
    focus(object: number | null) {
      this.focusObject = this.focusObject === object ? null : object;
    },
    /** Another run: ranges of the old one mean nothing. */
    forget() {
      this.$reset();
    },
  },
});
