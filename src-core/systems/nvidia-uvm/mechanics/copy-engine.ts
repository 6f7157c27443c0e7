/**
 * A copy engine of a GPU on managed memory (uvm_gpu_non_replayable_faults.c). Where it misses a page its channel stops, the
 * fault is serviced alone in a batch of its own, without a look at thrashing, and the channel goes on. The density tree still
 * brings neighbours.
 */
import { ACCESS, OPERATION, type AccessType } from '../decisions/vocabulary';
import { READ, WRITE, type AccessOp, type ProcessorIndex } from '../../../model/processor';
import { type Granule, asGranule } from '../../../base/indices';
import type { UvmHost } from './host';
import { ANSWER, type BlockService, type PageFault } from './service';

export interface CopyEngineHost extends UvmHost {
  settleClock(processor: ProcessorIndex): number;
  busy(processor: ProcessorIndex, bytes: number): void;
  remoteAccess(processor: ProcessorIndex, granule: Granule, count: number, bytes: number): void;
}

export class CopyEngine {
  private readonly answer = new Uint8Array(1);

  constructor(
    private readonly host: CopyEngineHost,
    private readonly service: BlockService,
  ) {}

  /**
   * Copies bytes [source, source + bytes) of the space to [target, …), page by page of the target. The device's clock runs on.
   * @returns ok, or what the engine was stopped by
   */
  copy(device: ProcessorIndex, source: number, target: number, bytes: number): string {
    const { granuleBytes } = this.host;
    for (let done = 0; done < bytes;) {
      const from = source + done;
      const to = target + done;
      const piece = Math.min(bytes - done, granuleBytes - (from % granuleBytes), granuleBytes - (to % granuleBytes));
      const result = this.reach(device, from, piece, READ) ?? this.reach(device, to, piece, WRITE);
      if (result) return result;
      done += piece;
    }
    return 'ok';
  }

  /** null: the access was made. */
  private reach(device: ProcessorIndex, address: number, bytes: number, op: AccessOp): string | null {
    const { host } = this;
    const granule = asGranule(Math.floor(address / host.granuleBytes));
    if (!host.access.isLocal(device, granule, op) && !host.access.isRemote(device, granule, op)) {
      const result = this.fault(device, granule, op);
      if (result) return result;
    }
    const here = host.access.isLocal(device, granule, op);
    if (here) host.busy(device, bytes);
    else host.remoteAccess(device, granule, 1, bytes);
    host.ledger.accessed(granule, op, address - granule * host.granuleBytes, 0, 1, bytes, here);
    return null;
  }

  private fault(device: ProcessorIndex, granule: Granule, op: AccessOp): string | null {
    const { host, answer } = this;
    const { work, tally } = host;
    host.beginBatch();
    tally.nonReplayable++;
    const start = host.settleClock(device);
    const index = Math.floor(granule / host.pagesPerBlock);
    const access: AccessType = op === READ ? ACCESS.read : ACCESS.write;
    const fault: PageFault = {
      ...{ page: granule - index * host.pagesPerBlock, access, mask: 1 << access },
      ...{ op, object: host.ledger.objectOf[granule]! },
    };
    work.begin(start);
    work.undivided('batchFixed');
    work.undivided('batchPerFault');
    work.driver('interrupt');
    work.driver('fetchPerEntry');
    work.driver('perBlock');
    this.service.serve(host.blockAt(index), device, [fault], 1, OPERATION.nonReplayableFault, answer);
    work.driver('replay'); // the channel is resumed
    tally.driverPs += work.endPs - start;
    host.clocks.reach(device, work.endPs);
    host.config.batchServiced();
    if (answer[0] !== ANSWER.outOfMemory && answer[0] !== ANSWER.fatal) return null;
    const result = answer[0] === ANSWER.fatal ? 'SIGSEGV' : 'OOM';
    host.outcome(result, device, granule, op);
    return result;
  }
}
