/** Writes the counts of objects as rows of the recording: at the end of each step, and inside long steps. */
import { LEDGER_METRICS, METRIC_COUNT, metricIndex } from '../model/events';
import type { MemorySystem } from '../kit/memory-system';
import type { Recorder } from '../record/recorder';

const LEDGER_INDEX = LEDGER_METRICS.map(metricIndex);
/** Events between two sets of rows inside a long step. */
const LEDGER_EVERY = 65536;

export class LedgerRows {
  private readonly written: Float64Array;
  /** Events when rows were last written. */
  private at = 0;

  constructor(
    private readonly memory: MemorySystem,
    private readonly recorder: Recorder,
  ) {
    this.written = new Float64Array(memory.ledger.counters.length);
  }

  /** Writes rows where many events came since the last. */
  keepUp(): void {
    if (this.recorder.count - this.at > LEDGER_EVERY) this.write(this.memory.clocks.latest());
  }

  /** Batches of at most `events` events each that may begin before `keepUp` has something to write. */
  batchesUntilDue(events: number): number {
    return Math.floor((LEDGER_EVERY - (this.recorder.count - this.at)) / events) + 1;
  }

  /** One row for each object whose ledger metrics changed since its last row. */
  write(timePs: number): void {
    const { memory, written, recorder } = this;
    const { counters } = memory.ledger;
    this.at = recorder.count;
    for (let row = 0, object = 0; row < counters.length; row += METRIC_COUNT, object++) {
      let changed = false;
      for (const metric of LEDGER_INDEX)
        if (counters[row + metric] !== written[row + metric]) {
          written[row + metric] = counters[row + metric]!;
          changed = true;
        }
      if (changed)
        recorder.ledger({
          ...memory.moment(timePs),
          object,
          totals: LEDGER_INDEX.map((metric) => counters[row + metric]!),
        });
    }
  }
}
