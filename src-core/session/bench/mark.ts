/** Where the timed part of a bench case begins: at its first step that is not of the phase `warm`. */
import type { Plain } from '../../base/plain';
import type { AccessBatch, AccessSource, AccessStream, StreamItem } from '../../contracts/access-stream';

const WARM = 'warm';

export const isTimed = (item: StreamItem): boolean => item.kind === 'step-begin' && item.step.phase !== WARM;

/** Pulls from a stream and calls `mark` once, when all accesses before the timed part were executed. */
class MarkedStream implements AccessStream {
  private isMarked = false;

  constructor(
    private readonly stream: AccessStream,
    private readonly mark: () => void,
  ) {}

  next(batch: AccessBatch): StreamItem | Promise<StreamItem> {
    const answer = this.stream.next(batch);
    return answer instanceof Promise ? answer.then((item) => this.seen(item)) : this.seen(answer);
  }
  position(): Plain {
    return this.stream.position();
  }
  seek(position: Plain): void {
    this.stream.seek(position);
  }
  progress(): number | null {
    return this.stream.progress();
  }
  close(): void {
    this.stream.close();
  }

  private seen(item: StreamItem): StreamItem {
    if (!this.isMarked && isTimed(item)) {
      this.isMarked = true;
      this.mark();
    }
    return item;
  }
}

/** The same accesses; `mark` is called where the timed part begins. */
export const withMark = (source: AccessSource, mark: () => void): AccessSource => ({
  ...source,
  findings: () => source.findings(),
  open: () => new MarkedStream(source.open(), mark),
});
