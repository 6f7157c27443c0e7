/** Batches of faults against a memory that can do nothing but note what it is asked. */
import { beforeEach, describe, expect, it } from 'vitest';
import { IndexList } from '../../../src-core/base/index-list';
import type { FaultBuffer, FaultColumns } from '../../../src-core/contracts/fault-service';
import { BatchService, type BatchedMemory } from '../../../src-core/kit/batch-service';
import { REASON } from '../../../src-core/kit/codes';
import type { FaultList } from '../../../src-core/kit/fault-list';
import { READ, WRITE, type AccessOp, type ProcessorIndex, GPU0 } from '../../../src-core/model/processor';
import { Clocks } from '../../../src-core/sim/clock';
import { asGranule } from '../../../src-core/base/indices';

const GPU = GPU0;
const SERVICE_PS = 1000;
type Entry = readonly [granule: number, op: AccessOp, atPs?: number];

class Memory implements BatchedMemory {
  readonly clocks = new Clocks(2);
  readonly config = {
    machine: { faultBatchEntries: { value: 8, source: 'this test', grade: 'definition' } },
    batchServiced: () => undefined,
  } as const;
  readonly reachable = new Set<number>();
  readonly reported: [granule: number, op: AccessOp][] = [];
  /** Granules of each service, with the entries that were fetched for it and when it began. */
  readonly served: { granules: number[]; entries: number; startPs: number }[] = [];
  readonly stalls: number[] = [];
  /** Granules of which a service gets nothing done. */
  lost = new Set<number>();
  /** … because an outcome says that nobody ever will. */
  outcomes = new Set<number>();
  unserved = new Set<number>();
  pagesPerFault = 1;
  batches = 0;

  beginBatch(): void {
    this.batches++;
  }
  report(_processor: number, granule: number, op: AccessOp): number {
    this.reported.push([granule, op]);
    return this.reported.length;
  }
  settleClock(processor: ProcessorIndex): number {
    return this.clocks.now(processor);
  }
  stall(_object: number, ps: number): void {
    this.stalls.push(ps);
  }
  objectOf(): number {
    return 0;
  }
  isLocal(_processor: number, granule: number): boolean {
    return this.reachable.has(granule);
  }
  mapsRemotely(): boolean {
    return false;
  }
  setPending(): void {
    // The buffer of this test holds no fault back.
  }
  decide(): number {
    return REASON.firstTouch;
  }
  pageOf(granule: number): number {
    return granule - (granule % this.pagesPerFault);
  }
  mayServe(_processor: number, granule: number): boolean {
    return !this.unserved.has(granule);
  }
  wasRefused(granule: number): boolean {
    return this.outcomes.has(granule);
  }
  serve(_processor: number, { count, entries, granule }: FaultList, startPs: number): number {
    const granules = [...granule.subarray(0, count)];
    this.served.push({ granules, entries, startPs });
    for (const each of granules) if (!this.lost.has(each) && !this.outcomes.has(each)) this.reachable.add(each);
    return startPs + SERVICE_PS;
  }
}

class Buffer implements FaultBuffer {
  readonly outstanding = 0;
  readonly released = new IndexList();
  readonly answered: number[] = [];
  readonly refused: number[] = [];
  answer(granule: number): void {
    this.answered.push(granule);
  }
  refuse(granule: number): void {
    this.refused.push(granule);
  }
}

const columns = (entries: readonly Entry[]): FaultColumns => ({
  count: entries.length,
  granule: Int32Array.from(entries, ([granule]) => granule),
  op: Uint8Array.from(entries, ([, op]) => op),
  object: new Uint16Array(entries.length),
  utlb: new Int32Array(entries.length),
  atPs: Float64Array.from(entries, ([, , atPs]) => atPs ?? 0),
});

let memory: Memory;
let service: BatchService;
let buffer: Buffer;
const serve = (...entries: readonly Entry[]): number => service.service(GPU, columns(entries), buffer);

beforeEach(() => {
  memory = new Memory();
  service = new BatchService(memory, 2);
  buffer = new Buffer();
});

describe('a batch of faults', () => {
  it('is served in the order of addresses, whatever the order of its entries', () => {
    serve([7, READ], [2, READ], [5, READ]);
    expect(memory.served).toEqual([{ granules: [2, 5, 7], entries: 3, startPs: 0 }]);
    expect(memory.reported.map(([granule]) => granule)).toEqual([2, 5, 7]);
  });

  it('takes entries for one granule as one fault, with the access that asks for more', () => {
    serve([3, READ], [3, READ], [3, WRITE], [4, READ]);
    expect(memory.reported).toEqual([
      [3, WRITE],
      [4, READ],
    ]);
    expect(memory.served[0]).toMatchObject({ granules: [3, 4], entries: 4 });
  });

  it('takes entries for one large page as one fault, and answers each of its granules', () => {
    memory.pagesPerFault = 16;
    serve([33, READ], [47, READ], [48, READ]);
    expect(memory.served[0]).toMatchObject({ granules: [33, 48], entries: 3 });
    expect(buffer.answered).toEqual([33, 47, 48]);
  });

  it('answers an entry whose page came with an earlier batch without a fault', () => {
    memory.reachable.add(9);
    expect(serve([9, READ])).toBe(0);
    expect([memory.reported, memory.served, buffer.answered]).toEqual([[], [], [9]]);
  });

  it('begins when its first entry was raised, or when the driver is done with the batch before', () => {
    expect(serve([1, READ, 400])).toBe(1400);
    expect(serve([2, READ, 600])).toBe(2400);
    expect(serve([3, READ, 9000])).toBe(10_000);
    expect(memory.served.map(({ startPs }) => startPs)).toEqual([400, 1400, 9000]);
  });
});

describe('a fault that cannot be served', () => {
  it('is refused if its process has exited, and the others are served', () => {
    memory.unserved.add(2);
    serve([1, READ], [2, READ]);
    expect([buffer.refused, memory.served[0]!.granules]).toEqual([[2], [1]]);
  });

  it('is refused where its service ended in an outcome', () => {
    memory.outcomes.add(2);
    serve([1, READ], [2, READ], [3, READ]);
    expect(buffer.refused).toEqual([2]);
    expect(service.batchEntries()).toBe(8);
  });

  it('is raised again where others of its batch took its place', () => {
    memory.lost.add(2);
    serve([1, READ], [2, READ]);
    expect(buffer.refused).toEqual([]);
    expect(buffer.answered).toEqual([1, 2]);
    expect(service.batchEntries()).toBe(8);
  });

  it('is served alone after a batch of which nothing was done, and is refused if that does not help', () => {
    memory.lost = new Set([1, 2]);
    serve([1, READ], [2, READ]);
    expect([buffer.refused, service.batchEntries()]).toEqual([[], 1]);
    serve([1, READ]);
    expect([buffer.refused, service.batchEntries()]).toEqual([[1], 8]);
  });
});

describe('a fault that its processor waits for', () => {
  it('is a batch of its own and stalls the processor', () => {
    memory.clocks.reach(GPU, 50);
    expect(service.faultNow(GPU, asGranule(4), WRITE, 0)).toBe(true);
    expect(memory.served).toEqual([{ granules: [4], entries: 1, startPs: 50 }]);
    expect([memory.batches, memory.stalls, memory.clocks.now(GPU)]).toEqual([1, [SERVICE_PS], 50 + SERVICE_PS]);
  });

  it('says where its access can never be made', () => {
    memory.outcomes.add(4);
    expect(service.faultNow(GPU, asGranule(4), WRITE, 0)).toBe(false);
    memory.unserved.add(5);
    expect(service.faultNow(GPU, asGranule(5), WRITE, 0)).toBe(false);
    expect(memory.reported).toEqual([[4, WRITE]]);
  });
});
