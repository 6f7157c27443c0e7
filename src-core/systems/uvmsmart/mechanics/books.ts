/** What moves into the recording and the ledger: one row per transfer, counters per page. */
import { EVICTION, MIGRATION } from '../../../model/events';
import { CPU, type ProcessorIndex } from '../../../model/processor';
import { toVirtual } from '../../../model/space';
import { METRIC, REASON } from '../../../kit/codes';
import type { Ledger } from '../../../kit/ledger';
import type { MemoryConfig } from '../../../kit/memory-system';
import { BOUNCED, type Residency } from '../../../kit/residency';
import type { ReadRequest, WriteRequest } from './channels';
import type { PageRun } from './prefetch';
import { DEVICE } from './resident-pages';
import { PAGE_BYTES } from './units';

/** What the books need of the run. */
export interface BookKeeping {
  readonly config: MemoryConfig;
  readonly residency: Residency;
  readonly ledger: Ledger;
  place(): { readonly access: number; readonly batch: number; readonly step: number };
  /** The transfer of that ordinal brought or took the pages. */
  moved(run: PageRun, ordinal: number): void;
}

interface Transfer {
  readonly kind: typeof MIGRATION | typeof EVICTION;
  readonly timePs: number;
  readonly durationPs: number;
  readonly source: ProcessorIndex;
  readonly target: ProcessorIndex;
  readonly policy: number;
  readonly reason: number;
  readonly cause: number;
  /** false: the pages were dropped, no bytes crossed the link. */
  readonly travels: boolean;
}

export class Books {
  /** Returns to the device of pages that the CPU had taken, by page. */
  private readonly bouncesOf = new Map<number, number>();

  constructor(private readonly run: BookKeeping) {}

  get bounces(): { readonly total: number; readonly worst: number } {
    let total = 0;
    let worst = 0;
    for (const count of this.bouncesOf.values()) {
      total += count;
      worst = Math.max(worst, count);
    }
    return { total, worst };
  }

  /** A transfer to the device starts: what was brought along, and then the page that faulted. */
  reads({ first, count, faulted, cause }: ReadRequest, timePs: number, durationPs: number): void {
    const { policies } = this.run.config;
    const brought = faulted < 0 ? count : count - 1;
    const rate = durationPs / count;
    const part = (from: number, pages: number, reason: number, policy: number): void => {
      const begins = timePs + Math.floor((from - first) * rate);
      const ends = timePs + Math.floor((from - first + pages) * rate);
      this.row(
        { first: from, count: pages },
        {
          ...{ kind: MIGRATION, timePs: begins, durationPs: ends - begins, source: CPU, target: DEVICE },
          ...{ policy, reason, cause, travels: true },
        },
      );
    };
    if (brought > 0) part(first, brought, REASON.prefetch, policies.prefetchIndex);
    if (faulted >= 0) part(faulted, 1, REASON.fault, policies.migrationIndex);
  }

  arrives({ first, count }: PageRun): void {
    const { residency, ledger } = this.run;
    for (let page = first; page < first + count; page++) {
      residency.remove(page);
      residency.place(page, DEVICE);
      ledger.transferred(page, DEVICE);
      if ((residency.state[page]! & BOUNCED) === 0) continue;
      residency.state[page] = residency.state[page]! & ~BOUNCED;
      ledger.count(ledger.objectOf[page]!, METRIC.pingPongs, 1);
      this.bouncesOf.set(page, (this.bouncesOf.get(page) ?? 0) + 1);
    }
  }

  /** Pages leave: evicted, or fetched by the CPU. */
  leaves(request: WriteRequest, timePs: number, durationPs: number, travels: boolean): void {
    const { residency, ledger, config } = this.run;
    const { first, count, isEviction, cause } = request;
    for (let page = first; page < first + count; page++) {
      ledger.leaving(page);
      residency.remove(page);
      residency.place(page, CPU);
      const state = residency.state[page]! & ~BOUNCED;
      residency.state[page] = isEviction ? state : state | BOUNCED;
      if (travels) ledger.transferred(page, CPU);
    }
    const { evictionIndex, migrationIndex } = config.policies;
    const why = isEviction
      ? { kind: EVICTION, policy: evictionIndex, reason: REASON.capacity }
      : { kind: MIGRATION, policy: migrationIndex, reason: REASON.fault };
    this.row(request, { ...why, timePs, durationPs, source: DEVICE, target: CPU, cause, travels } as Transfer);
  }

  private row(run: PageRun, transfer: Transfer): void {
    const { ledger, config } = this.run;
    const { kind, timePs, durationPs, source, target, policy, reason, cause, travels } = transfer;
    const { access, batch, step } = this.run.place();
    const object = ledger.objectOf[run.first]!;
    const bytes = travels ? run.count * PAGE_BYTES : 0;
    const ordinal = config.sink.transfer(
      kind,
      timePs,
      durationPs,
      access,
      batch,
      step,
      source,
      target,
      object,
      toVirtual(config.space, run.first * PAGE_BYTES),
      bytes,
      policy,
      reason,
      cause,
    );
    this.run.moved(run, ordinal);
    ledger.count(object, METRIC.migrations, run.count);
    ledger.count(object, target === CPU ? METRIC.bytesToHost : METRIC.bytesToDevice, bytes);
    if (kind === EVICTION) ledger.count(object, METRIC.evictions, run.count);
    if (reason === REASON.prefetch) ledger.count(object, METRIC.prefetchedBytes, bytes);
  }
}
