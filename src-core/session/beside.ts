/** Runs beside the current run: the same input with something changed, from the start, in slices. */
import type { Platform } from '../contracts/platform';
import type { RecordingHeader } from '../model/recording';
import { Refusal } from '../model/refusal';
import type { RunSummary } from '../model/summary';
import { LiveRun } from './live-run';
import type { Runnable } from './open';

export interface BesideContext {
  readonly platform: Platform;
  /** @param fraction of all that is to be done, 0..1 */
  progress(fraction: number, doing: string): void;
  cancelled(): boolean;
}

/** Wall milliseconds between two looks at a run beside. */
const LOOK_MS = 4;

/** Makes the run and answers its numbers; throws `cancelled`, and what made the run fail. */
export async function runBeside(
  opened: Runnable,
  header: RecordingHeader,
  context: Pick<BesideContext, 'platform' | 'cancelled'>,
  progress: (share: number) => void,
): Promise<RunSummary> {
  const { platform } = context;
  const { record: _record, ...options } = opened.options;
  const run = await LiveRun.create(
    platform,
    { ...opened, header, expect: [], expectedHash: null, options: { ...options, spool: false } },
    () => undefined,
    (fraction) => {
      progress(fraction ?? 0);
    },
    () => context.cancelled(),
  );
  run.go();
  while (run.state === 'running') {
    if (context.cancelled()) {
      await run.close();
      throw new Refusal('cancelled');
    }
    progress(run.progress() ?? 0);
    await platform.pause(LOOK_MS);
  }
  if (run.state === 'failed') throw run.failure;
  return run.summary();
}
