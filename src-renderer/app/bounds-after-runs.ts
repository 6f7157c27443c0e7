/** Measures bounds when a run has ended, so that they stand beside every run; a long one is left to a press of the button. */
import { watch } from 'vue';
import { useBackend } from '../client';
import { usePreferencesStore } from '../stores/preferences';

/** Bounds take about as long as the run, several times over: longer ones are not started unasked. */
const LONGEST_RUN_MS = 10_000;

export function useBoundsAfterRuns(): void {
  const backend = useBackend();
  const preferences = usePreferencesStore();
  let ranMs = 0;
  let since = 0;
  watch(backend.run, () => (ranMs = 0));
  watch(backend.state, (now, before) => {
    if (now === 'running') since = performance.now();
    if (before !== 'running') return;
    ranMs += performance.now() - since;
    if (now === 'finished' && preferences.boundsAfterRuns && ranMs <= LONGEST_RUN_MS)
      void backend.bounds.measure(false);
  });
}
