/**
 * R0 as a person would play it with paper: one access at a time, Maps and Sets, every byte marked one by one. Written
 * from the rules in the scenario reference (section 3) and the comments of contracts/policy.ts, without a look at the
 * engine, so that both can only agree by being right. Slow on purpose; nothing here may be made clever.
 */
import { CPU, READ_WRITE, ATOMIC, READ, WRITE, type AccessOp } from '../../src-core/model/processor';
import { VA_BLOCK_BYTES, type SpaceSpec } from '../../src-core/model/space';
import { treePrefetch } from './slow-tree';

/** One access of one granule; an element that spans granules comes as one of these per granule, ascending. */
export interface SlowAccess {
  readonly processor: number;
  readonly op: AccessOp;
  readonly object: number;
  readonly address: number;
  readonly bytes: number;
}

export interface SlowMachine {
  readonly granuleBytes: number;
  readonly capacityGranules: number;
  readonly devices: number;
  readonly hostMapsDevice: boolean;
  readonly prefetch: { readonly id: 'none' | 'sequential-64k' } | { readonly id: 'tree'; readonly threshold: number };
  readonly migration:
    | { readonly id: 'on-fault' | 'first-touch-stay-remote' }
    | { readonly id: 'access-counter'; readonly threshold: number };
  /** Which resident leaves a full device; candidates are in the order of their arrival. */
  readonly victim: (device: number, candidates: readonly number[], model: SlowModel) => number;
}

/** The quantities of the public contract, per object. */
export interface SlowCounts {
  accesses: number;
  cpuFaults: number;
  gpuFaults: number;
  bytesToDevice: number;
  bytesToHost: number;
  migrations: number;
  evictions: number;
  deadBytesToDevice: number;
  deadBytesToHost: number;
  unresolvedBytesToDevice: number;
  unresolvedBytesToHost: number;
  usefulBytes: number;
  remoteBytes: number;
  pingPongs: number;
  prefetchedBytes: number;
  cpu: { reads: number; writes: number; readWrites: number; atomics: number };
  gpu: { reads: number; writes: number; readWrites: number; atomics: number };
}

type Direction = 'to-device' | 'to-host';

/** A set of bytes of one granule. */
class ByteMarks {
  size = 0;
  private readonly marks: Uint8Array;
  constructor(private readonly granuleBytes: number) {
    this.marks = new Uint8Array(granuleBytes);
  }
  add(address: number): void {
    if (this.has(address)) return;
    this.marks[address % this.granuleBytes] = 1;
    this.size++;
  }
  has(address: number): boolean {
    return this.marks[address % this.granuleBytes] === 1;
  }
}

/** "Will anybody read what was moved?", open until the bytes answer it. */
interface Question {
  readonly transfers: { readonly direction: Direction; readonly object: number }[];
  readonly overwritten: ByteMarks;
}

/** What the receiver of the latest transfer of a granule has touched of it so far. */
interface Visit {
  readonly receiver: number;
  readonly touched: ByteMarks;
}

const emptyCounts = (): SlowCounts => ({
  accesses: 0,
  cpuFaults: 0,
  gpuFaults: 0,
  bytesToDevice: 0,
  bytesToHost: 0,
  migrations: 0,
  evictions: 0,
  deadBytesToDevice: 0,
  deadBytesToHost: 0,
  unresolvedBytesToDevice: 0,
  unresolvedBytesToHost: 0,
  usefulBytes: 0,
  remoteBytes: 0,
  pingPongs: 0,
  prefetchedBytes: 0,
  cpu: { reads: 0, writes: 0, readWrites: 0, atomics: 0 },
  gpu: { reads: 0, writes: 0, readWrites: 0, atomics: 0 },
});

export class SlowModel {
  readonly objects: SlowCounts[];
  /** Number of the access that is being made, from 0; the whole future is in `accesses`. */
  now = 0;
  private readonly owner = new Map<number, number>();
  private readonly remoteMaps = new Set<string>();
  private readonly remoteCounters = new Map<string, number>();
  /** Residents of each device in the order of their arrival. */
  private readonly arrived: number[][];
  private readonly lastAccess = new Map<number, number>();
  private readonly questions = new Map<number, Question>();
  private readonly visits = new Map<number, Visit>();
  /** Taken home by a CPU fault, its own or a neighbour's; the way back, however it comes about, makes a ping-pong. */
  private readonly calledHome = new Set<number>();
  private arrivals = 0;

  constructor(
    private readonly space: SpaceSpec,
    private readonly machine: SlowMachine,
    readonly accesses: readonly SlowAccess[],
  ) {
    this.objects = space.objects.map(emptyCounts);
    this.arrived = Array.from({ length: machine.devices + 1 }, () => []);
    for (const object of space.objects)
      if (object.initially === 'host')
        for (const granule of this.granulesOf(object.offset, object.bytes)) this.owner.set(granule, CPU);
  }

  run(): readonly SlowCounts[] {
    for (this.now = 0; this.now < this.accesses.length; this.now++) this.access(this.accesses[this.now]!);
    for (const question of this.questions.values()) this.answer(question, 'unresolved');
    this.questions.clear();
    for (const granule of [...this.visits.keys()]) this.endVisit(granule);
    return this.objects;
  }

  /** Time of the last access by the device that holds it; arrival counts for granules that nobody touched yet. */
  lastDeviceAccess(granule: number): number {
    return this.lastAccess.get(granule) ?? -1;
  }

  /** How far away the next access by a device is; Infinity when there is none. */
  nextDeviceAccess(granule: number): number {
    for (let at = this.now; at < this.accesses.length; at++) {
      const access = this.accesses[at]!;
      if (access.processor !== CPU && this.granuleAt(access.address) === granule) return at;
    }
    return Infinity;
  }

  private granuleAt(address: number): number {
    return Math.floor(address / this.machine.granuleBytes);
  }

  private granulesOf(offset: number, bytes: number): number[] {
    const granules: number[] = [];
    for (let granule = this.granuleAt(offset); granule <= this.granuleAt(offset + bytes - 1); granule++)
      granules.push(granule);
    return granules;
  }

  private objectOf(granule: number): number {
    const first = granule * this.machine.granuleBytes;
    return this.space.objects.findIndex(
      (object) => object.offset < first + this.machine.granuleBytes && object.offset + object.bytes > first,
    );
  }

  private objectBytesIn(granule: number): number {
    const first = granule * this.machine.granuleBytes;
    const object = this.space.objects[this.objectOf(granule)]!;
    return Math.min(object.offset + object.bytes, first + this.machine.granuleBytes) - Math.max(object.offset, first);
  }

  private access({ processor, op, object, address, bytes }: SlowAccess): void {
    const granule = this.granuleAt(address);
    const counts = this.objects[object]!;
    counts.accesses++;
    const byOp = processor === CPU ? counts.cpu : counts.gpu;
    if (op === READ) byOp.reads++;
    if (op === WRITE) byOp.writes++;
    if (op === READ_WRITE) byOp.readWrites++;
    if (op === ATOMIC) byOp.atomics++;

    const mapping = `${processor}:${granule}`;
    const owner = this.owner.get(granule);
    if (owner === undefined) {
      this.countFault(processor, object);
      this.fetchAround(granule, processor);
    } else if (owner !== processor && !this.remoteMaps.has(mapping)) {
      this.countFault(processor, object);
      if (this.decide(processor, owner) === 'map-remote') this.remoteMaps.add(mapping);
      else this.fetchAround(granule, processor);
    }

    const isRemote = this.owner.get(granule) !== processor;
    if (isRemote) counts.remoteBytes += bytes;
    else if (processor !== CPU) this.lastAccess.set(granule, this.now);
    this.touchBytes(granule, processor, op, address, bytes);

    if (isRemote && this.machine.migration.id === 'access-counter') {
      const count = (this.remoteCounters.get(mapping) ?? 0) + 1;
      this.remoteCounters.set(mapping, count);
      this.arrivals = 0;
      if (count >= this.machine.migration.threshold) this.move(granule, processor, 'access-counter', []);
    }
  }

  /** The CPU cannot map device memory on a machine without a coherent link; the device can always map the host's. */
  private decide(processor: number, owner: number): 'migrate' | 'map-remote' {
    if (processor === CPU && owner !== CPU && !this.machine.hostMapsDevice) return 'migrate';
    switch (this.machine.migration.id) {
      case 'on-fault':
        return 'migrate';
      case 'first-touch-stay-remote':
        return 'map-remote';
      case 'access-counter':
        return processor === CPU ? 'migrate' : 'map-remote'; // only devices have counters
    }
  }

  private countFault(processor: number, object: number): void {
    if (processor === CPU) this.objects[object]!.cpuFaults++;
    else this.objects[object]!.gpuFaults++;
  }

  private fetchAround(faulted: number, processor: number): void {
    const wanted = this.wishes(faulted, processor).filter((granule) => this.owner.get(granule) !== processor);
    // A wish is granted while the device can hold it beside the fault and the wishes before it.
    const room = processor === CPU ? Infinity : this.machine.capacityGranules - 1;
    const coming = [faulted, ...wanted.slice(0, room)].sort((a, b) => a - b);
    this.arrivals = 0;
    const inHand: number[] = [];
    for (const granule of coming) {
      const why = granule === faulted ? 'fault' : 'prefetch';
      if (this.owner.has(granule)) this.move(granule, processor, why, inHand);
      else this.populate(granule, processor, inHand);
      inHand.push(granule);
    }
  }

  private wishes(faulted: number, processor: number): number[] {
    const { prefetch, granuleBytes } = this.machine;
    const perBlock = VA_BLOCK_BYTES / granuleBytes;
    const first = Math.floor(faulted / perBlock) * perBlock;
    // A range is cut at VA blocks, and its last block ends where the object ends: padding is no memory.
    let pages = perBlock;
    while (this.objectOf(first + pages - 1) < 0) pages--;
    const pagesPerBig = Math.max(1, 65536 / granuleBytes);
    const page = faulted - first;
    switch (prefetch.id) {
      case 'none':
        return [];
      case 'sequential-64k': {
        if (processor === CPU) return []; // the simulator it stands for prefetches to the device only
        const start = Math.floor(page / pagesPerBig) * pagesPerBig;
        const wanted = Array.from({ length: pagesPerBig }, (_, index) => start + index);
        return wanted.filter((other) => other !== page && other < pages).map((other) => first + other);
      }
      case 'tree': {
        const isResident = (other: number): boolean => this.owner.get(first + other) === processor;
        const wanted = treePrefetch({ pages, pagesPerBig, isResident, faulted: [page], threshold: prefetch.threshold });
        return wanted.map((other) => first + other);
      }
    }
  }

  /** Nobody has it: it appears where it is wanted, and nothing is transferred. */
  private populate(granule: number, processor: number, inHand: readonly number[]): void {
    if (processor !== CPU) this.makeRoom(processor, inHand);
    this.owner.set(granule, processor);
    if (processor !== CPU) this.settle(granule, processor);
  }

  /** Takes its place on the device: later than every access before, earlier than the current access. */
  private settle(granule: number, device: number): void {
    this.arrived[device]!.push(granule);
    this.lastAccess.set(granule, this.now - 1 + ++this.arrivals / 1024);
  }

  private makeRoom(device: number, inHand: readonly number[]): void {
    const residents = this.arrived[device]!;
    if (residents.length < this.machine.capacityGranules) return;
    const candidates = residents.filter((granule) => !inHand.includes(granule));
    const victim = this.machine.victim(device, candidates, this);
    if (!candidates.includes(victim))
      throw new Error(
        `access ${this.now}: granule ${victim} left device ${device}, where it is not or where it just came`,
      );
    this.move(victim, CPU, 'eviction', inHand);
  }

  private move(
    granule: number,
    target: number,
    why: 'fault' | 'prefetch' | 'access-counter' | 'eviction',
    inHand: readonly number[],
  ): void {
    const source = this.owner.get(granule)!;
    if (target !== CPU) this.makeRoom(target, inHand);
    const object = this.objectOf(granule);
    const counts = this.objects[object]!;
    const size = this.machine.granuleBytes;
    const direction: Direction = target === CPU ? 'to-host' : 'to-device'; // from another device, too
    counts.migrations++;
    if (why === 'eviction') counts.evictions++;
    if (why === 'prefetch') counts.prefetchedBytes += size;
    if (direction === 'to-device') counts.bytesToDevice += size;
    else counts.bytesToHost += size;

    if (direction === 'to-host' && why !== 'eviction') this.calledHome.add(granule);
    if (direction === 'to-device' && this.calledHome.delete(granule)) counts.pingPongs++;

    this.endVisit(granule);
    this.visits.set(granule, { receiver: target, touched: new ByteMarks(size) });
    const question = this.questions.get(granule) ?? { transfers: [], overwritten: new ByteMarks(size) };
    question.transfers.push({ direction, object });
    this.questions.set(granule, question);

    if (source !== CPU) {
      this.arrived[source] = this.arrived[source]!.filter((other) => other !== granule);
      this.lastAccess.delete(granule);
    }
    for (let processor = 0; processor <= this.machine.devices; processor++) {
      this.remoteMaps.delete(`${processor}:${granule}`);
      this.remoteCounters.delete(`${processor}:${granule}`);
    }
    this.owner.set(granule, target);
    if (target !== CPU) this.settle(granule, target);
  }

  private touchBytes(granule: number, processor: number, op: AccessOp, address: number, bytes: number): void {
    const visit = this.visits.get(granule);
    if (visit?.receiver === processor) for (let byte = address; byte < address + bytes; byte++) visit.touched.add(byte);
    const question = this.questions.get(granule);
    if (!question) return;
    for (let byte = address; byte < address + bytes; byte++) {
      if (op === WRITE) question.overwritten.add(byte);
      else if (!question.overwritten.has(byte)) {
        this.questions.delete(granule); // live: nothing to count
        return;
      }
    }
    if (question.overwritten.size < this.objectBytesIn(granule)) return;
    this.answer(question, 'dead');
    this.questions.delete(granule);
  }

  private answer(question: Question, verdict: 'dead' | 'unresolved'): void {
    for (const { direction, object } of question.transfers) {
      const counts = this.objects[object]!;
      const size = this.machine.granuleBytes;
      if (verdict === 'dead' && direction === 'to-device') counts.deadBytesToDevice += size;
      if (verdict === 'dead' && direction === 'to-host') counts.deadBytesToHost += size;
      if (verdict === 'unresolved' && direction === 'to-device') counts.unresolvedBytesToDevice += size;
      if (verdict === 'unresolved' && direction === 'to-host') counts.unresolvedBytesToHost += size;
    }
  }

  private endVisit(granule: number): void {
    const visit = this.visits.get(granule);
    if (visit) this.objects[this.objectOf(granule)]!.usefulBytes += visit.touched.size;
    this.visits.delete(granule);
  }
}

/** Least recently accessed by the device; ties cannot occur because one access touches one granule. */
export const leastRecentlyAccessed: SlowMachine['victim'] = (_device, candidates, model) =>
  candidates.reduce((oldest, granule) =>
    model.lastDeviceAccess(granule) < model.lastDeviceAccess(oldest) ? granule : oldest,
  );

/** The one that arrived first. */
export const leastRecentlyMigrated: SlowMachine['victim'] = (_device, candidates) => candidates[0]!;
