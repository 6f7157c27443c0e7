/** Thread groups whose granules do not fit on the device together, against a driver that takes one away for the other. */
import { describe, expect, it } from 'vitest';
import { IndexList } from '../../../../src-core/base/index-list';
import type { AccessedMemory, AccessRun } from '../../../../src-core/contracts/accessed-memory';
import type { FaultHardware, FaultPath } from '../../../../src-core/contracts/fault-service';
import { GroupsInFlight } from '../../../../src-core/hardware/gpu/groups-in-flight';
import { ReachedAccesses } from '../../../../src-core/hardware/reached-accesses';
import { READ, WRITE, type AccessOp } from '../../../../src-core/model/processor';
import { Clocks } from '../../../../src-core/sim/clock';
import { asGranule } from '../../../../src-core/base/indices';

const GRANULE = 4096;
const HARDWARE: FaultHardware = {
  ...{ threadsPerGroup: 32, groupsInFlight: 64, smCount: 1, smsPerUtlb: 1, utlbs: 1 },
  ...{ faultsPerUtlb: 64, bufferEntries: 64 },
};

/**
 * A device whose driver services one fault per batch. Each batch takes away what the one before brought; of several faults that
 * wait together, the last is answered without a mapping, as a throttled page is.
 */
class Device implements FaultPath {
  private here = -1;
  /** Granule of each access that was made, and in which batch. */
  readonly made: [granule: number, batch: number][] = [];
  batches = 0;
  private readonly asked: number[] = [];
  private together = 0;
  private readonly answers = new IndexList();
  private readonly refusals = new IndexList();
  readonly memory: AccessedMemory = this.seen();

  constructor(private readonly isRefused: (granule: number) => boolean = () => false) {}

  private seen(): AccessedMemory {
    const clocks = new Clocks(2);
    const unused = (): never => {
      throw new Error('this memory has one processor and no link');
    };
    return {
      ...{ granuleBytes: GRANULE, granulesPerBlock: 512, granules: 64, accessCount: 0, clocks, hasObserver: true },
      ...{ delays: [null, null], residency: { state: new Uint8Array(64) } },
      ledger: { objectOf: new Uint16Array(64), count: () => undefined },
      uses: { keepsOrder: false, unitShift: 0, follows: false, touch: unused, follow: unused },
      hotState: unused,
      hotMasks: unused,
      isLocal: (_processor, granule) => this.here === granule,
      mapsRemotely: () => false,
      remoteBudget: unused,
      counterNotifies: unused,
      settleClock: (processor) => clocks.now(processor),
      busy: () => undefined,
      remoteAccess: unused,
      onAccess: (_processor: number, { granule }: AccessRun) => {
        this.made.push([granule, this.batches]);
      },
      tracked: unused,
    };
  }

  batchEntries(): number {
    return 64;
  }
  entries(): number {
    return this.asked.length;
  }
  raise(_device: number, _utlb: number, granule: number): boolean {
    this.asked.push(granule);
    this.together = Math.max(this.together, this.asked.length);
    return true;
  }
  serviceBatch(): number {
    this.batches++;
    const granule = asGranule(this.asked.shift()!);
    const isThrottled = this.asked.length === 0 && this.together > 1;
    if (this.asked.length === 0) this.together = 0;
    this.here = isThrottled || this.isRefused(granule) ? -1 : granule;
    if (this.isRefused(granule)) this.refusals.push(granule);
    this.answers.push(granule);
    return this.batches * 1000;
  }
  released(): IndexList {
    return this.answers;
  }
  refused(): IndexList {
    return this.refusals;
  }
  stalled(): void {
    // Time is of no interest here.
  }
  isFatal(): boolean {
    return false;
  }
}

/** One thread group that makes an access to each granule, all at once, and waits for all. */
function run(device: Device, granules: readonly number[], op: AccessOp): void {
  const flight = new GroupsInFlight(device.memory, new ReachedAccesses(device.memory), HARDWARE, device);
  const group = flight.take();
  group.begin(1, granules.length, 1, HARDWARE.threadsPerGroup);
  group.setLane(0, op, 0, 0, 0, 4);
  group.isPoints = true;
  granules.forEach((granule, slot) => (group.points[slot] = granule * GRANULE));
  flight.launch(group, false);
  flight.drain();
  expect(flight.isIdle()).toBe(true);
}

describe('a thread group in flight', () => {
  it('makes its access after the batch that brings its granule', () => {
    const device = new Device();
    run(device, [3], READ);
    expect(device.made).toEqual([[3, 1]]);
  });

  it.each([
    ['reads', READ],
    ['writes', WRITE],
  ] as const)('%s each granule as it comes after 32 batches in which no access was made, and not before', (_, op) => {
    const device = new Device();
    run(device, [3, 8], op);
    // Batches 1, 3, … bring granule 3 while the group waits for 8 too; batches 2, 4, … take it away. In batch 33 the group no
    // longer waits for 8. Batch 34 throttles 8, and 35 brings it.
    expect(device.made).toEqual([
      [3, 33],
      [8, 35],
    ]);
  });

  it('never makes the access to a granule whose fault is refused, and goes on with the others', () => {
    const device = new Device((granule) => granule === 8);
    run(device, [8, 3], READ);
    expect(device.made.map(([granule]) => granule)).toEqual([3]);
  });
});
