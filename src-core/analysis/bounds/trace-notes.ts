/** What bounds of an imported trace do not know. */
import type { RecordingHeader } from '../../model/recording';
import type { RunSummary } from '../../model/summary';

/** Nothing for workload files, whose accesses are all there. */
export function traceNotes({ workload }: RecordingHeader, { findings }: RunSummary): readonly string[] {
  if (workload.kind !== 'trace') return [];
  const warnings = findings.filter(({ severity }) => severity !== 'note').length;
  return [
    'The input is a trace: bounds cover the accesses in it, in its order. Accesses that were not recorded, and data that was in memory before the first access, are part of neither the run nor the bounds.',
    ...(warnings > 0
      ? ['Parts of the trace were dropped, clipped or guessed (see the findings). This also affects the bounds.']
      : []),
  ];
}
