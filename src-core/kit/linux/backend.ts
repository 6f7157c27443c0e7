/**
 * The two sides of a run on the Linux model, each as the other sees it. A *backend* (in `systems/<id>/mechanics`) serves
 * the faults of devices and says what a device's page table holds; the *host* (linux-memory.ts) keeps clocks, books and
 * events.
 */
import type { NodeSpec } from '../../kernel/kernel';
import type { FrameOwner } from '../../kernel/frames';
import type { EventMoment } from '../../model/event-sink';
import type { AccessOp, ProcessorIndex } from '../../model/processor';
import type { OsAction } from '../../model/os-action';
import type { EvictionView } from '../../contracts/policy';
import type { Clocks } from '../../sim/clock';
import type { Kernel } from '../../kernel/kernel';
import type { Mm, Process } from '../../kernel/mm';
import type { Ledger } from '../ledger';
import type { MemoryConfig } from '../memory-system';
import type { Residency } from '../residency';
import type { SystemFigure } from '../../model/memory-system';
import type { LinuxAccess, Outcomes, PageContents, PlaceBook, ProcessTable } from './host-parts';
import type { Moves } from '../moves';
import type { MoveContext, PendingMoves } from './pending-moves';
import type { Piece, SpaceMap } from './space-map';
import type { Tally } from './tally';

/** One page that a device asked for. */
export interface DeviceFaultPage {
  readonly granule: number;
  readonly op: AccessOp;
  /** Ordinal of the fault event. */
  readonly cause: number;
}

/** Where a page's frame comes from: all that placement asks of a page. */
export type PageOrigin = Pick<FrameOwner, 'kind' | 'node'>;

/** A hint to a driver, without its range: see OsAction. */
export type RangeAdvice = Omit<Extract<OsAction, { readonly kind: 'advise' }>, 'kind' | 'range'>;

/** What follows from how a system is built: the requirements of docs/rules/thread-2015.md that no run has to measure. */
export interface SystemTraits {
  /** 6a: an address is the same memory on both sides. */
  readonly samePointers: boolean;
  /** 3: every page of device memory in use has a struct page. */
  readonly structPages: boolean;
  /** 4: the kernel's own knobs decide about device memory; `knobs` says which, or who else does. */
  readonly kernelPlaces: boolean;
  readonly knobs: string;
}

export interface Backend {
  readonly traits: SystemTraits;
  /** NUMA nodes besides the host's (node 0), before the kernel exists: devices whose memory is a node. */
  nodes(devicePages: number, devices: number): readonly NodeSpec[];
  /** Pages of the host's node, by default; if absent, as many as the workload needs. */
  hostPages?(devicePages: number): number;
  /** Does the page lie in the CPU's own memory? Unless the backend says otherwise, it does where the CPU owns it. */
  isHostLocal?(page: PageOrigin): boolean;
  /** Whose end of a link a processor's memory is at, for copies; its own unless the backend says otherwise. */
  linkEnd?(processor: ProcessorIndex): ProcessorIndex;
  /** How many bytes of the machine's remote bandwidth one remote byte takes; 1 unless the backend says otherwise. */
  readonly remoteWeight?: number;
  /** NUMA node of a processor's memory, for mbind; its own number unless the backend says otherwise. */
  numaNode?(processor: ProcessorIndex): number;
  /** Small pages of one page of the kernel: see kernel/base-page.ts; 1 unless the backend says otherwise. */
  readonly basePages?: number;
  /** Parameters have other values now, see `Tunable`. Absent: they are read where they are used. */
  paramsChanged?(): void;
  /** Copies of the driver end at multiples of so many pages; absent: neighbours that move together are one copy. */
  readonly copyPages?: number;
  /** Called once, when the kernel exists and before anything is mapped. */
  attach(memory: LinuxHost): void;
  /** Maps a piece of the workload in its own way; false: as Linux maps it. */
  mapPiece?(piece: Piece): boolean;
  /**
   * Access bits of a device that walks the processes' page tables, by an entry (bits of kernel/pte-tables.ts) and where its
   * page lies; null: it has none. Absent: devices have tables of their own.
   */
  sharedTable?(device: ProcessorIndex, bits: number, origin: PageOrigin | null): number;
  /** Serves device faults of one batch; what still cannot be reached afterwards was reported as an outcome. */
  deviceFaults(device: ProcessorIndex, faults: readonly DeviceFaultPage[]): void;
  /** What the driver takes for so many faults, ps; the machine's undivided costs of a batch unless the backend says. */
  faultPs?(faults: number): number | undefined;
  /** Reason code of a device fault, before it is served. */
  decide(device: ProcessorIndex, granule: number, op: AccessOp): number;
  /** Processor in whose memory the page lies. */
  ownerOfPage(page: PageOrigin): ProcessorIndex;
  /** Free pages of a device, for policies. */
  free(device: ProcessorIndex): number;
  capacity(device: ProcessorIndex): number;
  /** true: the device may not run yet; `resume` is called before its next access. */
  waits?(device: ProcessorIndex): boolean;
  /** Makes the device able to run; answers from when on, ps. */
  resume?(device: ProcessorIndex): number;
  /** What the driver counts that other systems have not. */
  figures?(): readonly SystemFigure[];
  stepBegins?(processor: ProcessorIndex): void;
  stepEnds?(processor: ProcessorIndex): void;
  /** Until when the device waits for copies that were asked for at `readyPs` and are there at `arrivedPs`. */
  arrives?(device: ProcessorIndex, readyPs: number, arrivedPs: number): number;
  /** Access counters: see MemorySystem. */
  remoteBudget?(device: ProcessorIndex, granule: number): number;
  counted?(device: ProcessorIndex, granule: number, accesses: number): void;
  /** The budget of a granule is used up: the device waits while its pages are moved. */
  counterNotifies?(device: ProcessorIndex, granule: number): void;
  /** The same where a driver serves notifications in its own time, while the device runs on: instead of the one above. */
  counterReached?(device: ProcessorIndex, granule: number): void;
  /** Time passed: periodic work (scans). */
  tick?(nowPs: number): void;
  /** The CPU is about to fault on the page (stale copies …). */
  cpuFaults?(granule: number, op: AccessOp): void;
  /** An explicit move of pages; answers `ok` or what Linux or the driver says. */
  migrateRange(mm: Mm, start: number, end: number, to: ProcessorIndex): string;
  /** A hint of the program to the driver; absent if the system has no driver for it. */
  advise?(mm: Mm, start: number, end: number, advice: RangeAdvice): string;
  /** Empties the device for good: answers pages that could not be moved. */
  evacuate(device: ProcessorIndex): number;
  /** Pages that an evacuation could never move, where pins are not the reason. */
  residue?(device: ProcessorIndex): number;
  /** Gives the device's memory back after `evacuate`. */
  replug?(device: ProcessorIndex): void;
  /** The process is gone, or about to be. */
  processEnds?(mm: Mm): void;
}

/** What backends, calls and accounts may use of the run. */
export interface LinuxHost extends EvictionView {
  readonly backend: Backend;
  readonly config: MemoryConfig;
  readonly kernel: Kernel;
  readonly map: SpaceMap;
  readonly tally: Tally;
  readonly moves: Moves;
  readonly pending: PendingMoves;
  readonly access: LinuxAccess;
  readonly locations: PlaceBook;
  readonly contents: PageContents | null;
  readonly outcomes: Outcomes;
  readonly residency: Residency;
  readonly ledger: Ledger;
  readonly clocks: Clocks;
  readonly processes: ProcessTable;
  readonly context: MoveContext;
  readonly accessCount: number;
  refusedPrefetches: number;
  migrationOff: boolean;
  /** Migration was off at some time of the run. */
  readonly wasOff: boolean;

  protect(granule: number): void;
  unprotect(): void;
  /** Pages move for this reason while `work` runs. */
  withCause<T>(context: MoveContext, work: () => T): T;
  /** The processor that faults or calls now works for so long before anything moves, ps: added by the next flush. */
  spend(ps: number): void;
  /** By processor: how much longer than by bandwidth accesses to its own memory take; 1 unless a backend sets it. */
  readonly slowness: Float64Array;
  /** Brings the clock of a processor up to date; answers what it says, ps. */
  settleClock(processor: ProcessorIndex): number;
  /** Where in the run an event of now stands. */
  moment(timePs: number): EventMoment;
  /** When the driver began with the faults that it serves now, ps: before the device's clock where the device runs on. */
  driverNowPs(): number;
  /** What the clock of a processor says, with all that it did, ps. */
  nowPs(processor: ProcessorIndex): number;
  /** A batch of access-counter notifications: `work` moves pages from `readyPs` on. Returns when all have arrived, ps. */
  counterBatch(readyPs: number, work: () => void): number;
  /** The processor does nothing until then. */
  waitFor(processor: ProcessorIndex, untilPs: number): void;
  /** Step instance in progress. */
  readonly step: number;
  /** Sends what moved; answers when all has arrived, ps. */
  flush(readyPs: number): number;
  transferPs(from: ProcessorIndex, to: ProcessorIndex, bytes: number): number;
  evacuate(device: ProcessorIndex): number;
  residue(device: ProcessorIndex): number;
  migrateRange(process: Process, start: number, end: number, to: ProcessorIndex): string;
  moved(process: Process, from: number, pages: number, to: number): void;
}
