/** Plays an access stream with its forks, so that a test can go back to any item of it. */
import type { Plain } from '../../src-core/base/plain';
import {
  type AccessBatch,
  type AccessSource,
  type AccessStream,
  createBatch,
  type StreamItem,
} from '../../src-core/contracts/access-stream';

interface Turn {
  readonly stream: AccessStream;
  readonly position: Plain;
  readonly ended: boolean;
}

/** Where a player is: the streams of the innermost fork take turns, the one they came from waits. */
export interface Place {
  readonly main: Plain;
  readonly branches: readonly Turn[];
  readonly turn: number;
}

/** Everything that a batch says, as text: the columns up to their ends and no further. */
function batchText(batch: AccessBatch): string {
  const { kind, dependent, groups, points } = batch;
  if (kind === 'points') {
    const { base, pitch, pointBytes, pointOp, pointObject } = batch;
    const numbers = batch.index.subarray(0, points).join();
    return [kind, dependent, base, pitch, pointBytes, pointOp, pointObject, numbers].join(' ');
  }
  const lanes = batch.laneOf[groups]!;
  const perLane = [batch.address, batch.stride, batch.bytes, batch.op, batch.object];
  return [
    ...[kind, dependent, batch.laneOf.subarray(0, groups + 1).join(), batch.count.subarray(0, groups).join()],
    ...perLane.map((column) => column.subarray(0, lanes).join()),
  ].join(' ');
}

export class Player {
  private readonly main: AccessStream;
  private branches: { readonly stream: AccessStream; ended: boolean }[] = [];
  private turn = 0;
  private readonly batch = createBatch();

  constructor(private readonly source: AccessSource) {
    this.main = source.open();
  }

  /**
   * The next item as text with its batch; null at the end. Branches take turns item by item. Progress belongs to it for
   * workloads; for traces it is about the bytes read last, by whichever stream.
   */
  async next(): Promise<string | null> {
    const running = this.branches.filter(({ ended }) => !ended);
    const branch = running[this.turn++ % Math.max(1, running.length)];
    const stream = branch?.stream ?? this.main;
    const item: StreamItem = await stream.next(this.batch);
    if (item.kind === 'fork') this.branches = item.branches.map((each) => ({ stream: each, ended: false }));
    if (item.kind === 'end') {
      if (!branch) return null;
      branch.ended = true;
      branch.stream.close();
    }
    const said = item.kind === 'fork' ? `fork ${item.branches.length} ${item.quantum}` : JSON.stringify(item);
    return `${said} ${this.source.kind === 'workload' ? stream.progress() : ''} ${item.kind === 'accesses' ? batchText(this.batch) : ''}`;
  }

  place(): Place {
    const branches = this.branches.map(({ stream, ended }) => ({ stream, ended, position: stream.position() }));
    return { main: this.main.position(), branches, turn: this.turn };
  }

  go(place: Place): void {
    this.main.seek(place.main);
    this.branches = place.branches.map(({ stream, ended }) => ({ stream, ended }));
    for (const { stream, position } of place.branches) stream.seek(position);
    this.turn = place.turn;
  }

  /** Whether another player of the same source can go to this place: inside a fork only those who made it can. */
  static isShared = (place: Place): boolean => place.branches.every(({ ended }) => ended);

  close(): void {
    this.main.close();
  }
}
