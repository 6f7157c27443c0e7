/**
 * Results of Linux and the drivers for accesses and calls: a row of the timeline each, counts of outcomes other than
 * success, and signals, which end their process.
 */
import { CPU, processorName, type AccessOp, type ProcessorIndex } from '../../model/processor';
import { toVirtual } from '../../model/space';
import { REASON } from '../codes';
import { exit } from '../../kernel/fork';
import type { Process } from '../../kernel/mm';
import { PAGE_BYTES } from '../../kernel/page';
import type { Granule } from '../../base/indices';
import type { LinuxHost } from './backend';
import type { Outcomes, ResultRow } from './host-parts';

const VERBS: readonly string[] = ['read', 'write', 'read-write', 'atomic'];

export class LinuxOutcomes implements Outcomes {
  /** Granules whose device fault ended in an outcome since the set was emptied. */
  readonly refused = new Set<number>();

  constructor(private readonly memory: LinuxHost) {}

  outcome(result: string, processor: ProcessorIndex, granule: Granule, op: AccessOp, process: Process): void {
    const { config, ledger } = this.memory;
    const what = `${processorName(processor)} ${VERBS[op]!}`;
    const address = toVirtual(config.space, granule * PAGE_BYTES);
    const object = ledger.objectOf[granule]!;
    this.record({ processor, object, address, bytes: PAGE_BYTES, reason: REASON.outcome, what, result });
    if (processor !== CPU) this.refused.add(granule);
    else this.kill(process, result === 'OOM' ? 'SIGKILL' : result);
  }

  gone(processor: ProcessorIndex, object: number): void {
    const { tally, clocks, accessCount } = this.memory;
    const what = `${processorName(processor)}: its process is gone`;
    tally.outcome('not executed', what, this.nameOf(object), clocks.now(processor), accessCount);
  }

  kill(process: Process, signal: string): void {
    this.memory.processes.release(process.mm);
    exit(this.memory.kernel, process, 0, signal);
  }

  record({ processor, object, address, bytes, reason, what, result, detail }: ResultRow): void {
    const { memory } = this;
    const time = memory.settleClock(processor);
    if (result !== 'ok') memory.tally.outcome(result, what, this.nameOf(object), time, memory.accessCount);
    memory.config.sink.os({
      ...memory.moment(time),
      ...{ processor, object, address, reason },
      bytes: Math.min(bytes, 0xffffffff),
      detail: JSON.stringify({ what, result, ...detail }),
    });
  }

  private nameOf(object: number): string | null {
    return this.memory.config.space.objects[object]?.name ?? null;
  }
}
