/** Where a run's recording goes. A full disk stops the recording, not the run; the summary and a save say so. */
import { formatBytes, GIB } from '../base/units';
import type { ByteSink } from '../model/byte-source';

/** A recording grows by 5 to 25 bytes per event; past this it stops, so that a forgotten run does not fill the disk. */
const MAX_RECORDING_BYTES = 32 * GIB;

export class RecordingSink implements ByteSink {
  /** Why the recording ends before the run; null while it is whole. */
  stopped: string | null = null;
  private size = 0;

  constructor(private readonly sink: ByteSink) {}

  write(bytes: Uint8Array): void {
    if (this.stopped !== null) return;
    if (this.size + bytes.length > MAX_RECORDING_BYTES) this.stopped = `it reached ${formatBytes(MAX_RECORDING_BYTES)}`;
    else
      this.guarded(() => {
        this.sink.write(bytes);
        this.size += bytes.length;
      });
  }

  /** A recording that stopped before this length stays stopped; one that stopped behind it goes on. */
  truncate(length: number): void {
    if (length > this.size) return;
    this.stopped = null;
    this.guarded(() => {
      this.sink.truncate(length);
      this.size = length;
    });
  }

  close(): void {
    this.sink.close();
  }

  private guarded(action: () => void): void {
    try {
      action();
    } catch (cause) {
      this.stopped = cause instanceof Error ? cause.message : String(cause);
    }
  }
}
