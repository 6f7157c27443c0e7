/** Zoom and pan verbs shared by the timeline, its buttons and the keyboard. */
import { computed, type ComputedRef } from 'vue';
import { useBackend } from '../../client';
import { useViewStore, type Range } from '../../stores/view';
import { coversAll, panBy, SPAN_MIN, visibleRange, zoomAround } from './scale';

const ZOOM_STEP = 0.6;
const PAN_SHARE = 0.15;

export interface Navigation {
  /** The whole run so far; null before the first event. */
  readonly extent: ComputedRef<Range | null>;
  readonly visible: ComputedRef<Range | null>;
  zoom(factor: number, at?: number): void;
  zoomIn(): void;
  zoomOut(): void;
  /** Moves by a share of what is visible; negative goes back. */
  pan(share: number): void;
  left(): void;
  right(): void;
  fit(): void;
  show(range: Range): void;
}

export function useNavigation(): Navigation {
  const backend = useBackend();
  const view = useViewStore();
  const axis = computed(() => backend.status.value?.axis ?? 'time');
  const to = computed(() => backend.status.value?.extentTo ?? 0);
  const extent = computed((): Range | null => (to.value > 0 ? { from: 0, to: to.value } : null));
  const visible = computed((): Range | null =>
    extent.value ? visibleRange(view.zoom, view.follow, extent.value, SPAN_MIN[axis.value]) : null,
  );
  const show = (range: Range): void => {
    if (extent.value && coversAll(range, extent.value)) view.fit();
    else view.zoomTo(range);
  };
  const zoom = (factor: number, at?: number): void => {
    if (!extent.value || !visible.value) return;
    const centre = at ?? (visible.value.from + visible.value.to) / 2;
    show(zoomAround(visible.value, centre, factor, extent.value, SPAN_MIN[axis.value]));
  };
  const pan = (share: number): void => {
    if (!extent.value || !visible.value) return;
    const delta = share * (visible.value.to - visible.value.from);
    view.follow = false;
    show(panBy(visible.value, delta, extent.value, SPAN_MIN[axis.value]));
  };
  return {
    extent,
    visible,
    zoom,
    zoomIn: () => zoom(ZOOM_STEP),
    zoomOut: () => zoom(1 / ZOOM_STEP),
    pan,
    left: () => pan(-PAN_SHARE),
    right: () => pan(PAN_SHARE),
    fit: () => view.fit(),
    show,
  };
}
