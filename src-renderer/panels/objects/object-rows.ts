/** Asks for the object table of the visible range, again whenever its numbers may have changed. */
import { computed, watch } from 'vue';
import { useBackend } from '../../client';
import { useViewStore } from '../../stores/view';

/** For panels that show `backend.objects`: the brushed range, or the whole run. */
export function useObjectRows(): void {
  const backend = useBackend();
  const view = useViewStore();
  const extentTo = computed(() => backend.status.value?.extentTo ?? 0);
  const accesses = computed(() => backend.status.value?.accesses ?? 0);
  const range = computed(() => view.selection ?? { from: 0, to: extentTo.value });
  // Accesses can change numbers of an earlier range (dead bytes are settled late), and so can the end of the run.
  watch(
    [range, accesses, backend.state, backend.run],
    () => {
      if (range.value.to > range.value.from) backend.objects.ask({ from: range.value.from, to: range.value.to });
    },
    { immediate: true },
  );
}
