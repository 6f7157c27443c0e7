/**
 * The two sides of a run on the Linux model, each as the other sees it. A *backend* (in `systems/<id>/mechanics`)
 * serves the faults of devices and defines their page tables; the *host* (linux-memory.ts) keeps clocks, counts and
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
import type { Granule } from '../../base/indices';
import type { LinuxAccess, Outcomes, PageContents, PlaceBook, ProcessTable } from './host-parts';
import type { Moves } from '../moves';
import type { MoveContext, PendingMoves } from './pending-moves';
import type { Piece, SpaceMap } from './space-map';
import type { Tally } from './tally';

/** One page that a device asked for. */
export interface DeviceFaultPage {
  readonly granule: Granule;
  readonly op: AccessOp;
  /** Ordinal of the fault event. */
  readonly cause: number;
}

/** The origin of a page's frame, which is all that placement needs. */
export type PageOrigin = Pick<FrameOwner, 'kind' | 'node'>;

/** A hint to a driver, without its range: see OsAction. */
export type RangeAdvice = Omit<Extract<OsAction, { readonly kind: 'advise' }>, 'kind' | 'range'>;

/** What follows from how a system is built: the requirements of docs/rules/thread-2015.md that no run has to measure. */
export interface SystemTraits {
  /** 6a: an address is the same memory on both sides. */
  readonly samePointers: boolean;
  /** 3: every page of device memory in use has a struct page. */
  readonly structPages: boolean;
  /** 4: the kernel's own knobs decide about device memory; `knobs` names them, or what decides instead. */
  readonly kernelPlaces: boolean;
  readonly knobs: string;
}

export interface Backend {
  readonly traits: SystemTraits;
  /** NUMA nodes besides the host's (node 0), before the kernel exists: devices whose memory is a node. */
  nodes(devicePages: number, devices: number): readonly NodeSpec[];
  /** Pages of the host's node, by default; if absent, as many as the workload needs. */
  hostPages?(devicePages: number): number;
  /** Whether the page lies in the CPU's own memory. Default: it does if the CPU owns it. */
  isHostLocal?(page: PageOrigin): boolean;
  /** The processor at whose end of a link the memory lies, for copies. Default: the processor itself. */
  linkEnd?(processor: ProcessorIndex): ProcessorIndex;
  /** How many bytes of the machine's remote bandwidth one remote byte takes; default 1. */
  readonly remoteWeight?: number;
  /** NUMA node of a processor's memory, for mbind; default: the processor's number. */
  numaNode?(processor: ProcessorIndex): number;
  /** Small pages of one page of the kernel: see kernel/base-page.ts; default 1. */
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
  /** Time of the driver for so many faults, ps. Default: the machine's undivided costs of a batch. */
  faultPs?(faults: number): number | undefined;
  /** Reason code of a device fault, before it is served. */
  decide(device: ProcessorIndex, granule: Granule, op: AccessOp): number;
  /** Processor in whose memory the page lies. */
  ownerOfPage(page: PageOrigin): ProcessorIndex;
  /** Free pages of a device, for policies. */
  free(device: ProcessorIndex): number;
  capacity(device: ProcessorIndex): number;
  /** true: the device may not run yet; `resume` is called before its next access. */
  waits?(device: ProcessorIndex): boolean;
  /** Makes the device able to run. Returns from when on, ps. */
  resume?(device: ProcessorIndex): number;
  /** Counters that only this driver has. */
  figures?(): readonly SystemFigure[];
  stepBegins?(processor: ProcessorIndex): void;
  stepEnds?(processor: ProcessorIndex): void;
  /** Until when the device waits for copies that were asked for at `readyPs` and are there at `arrivedPs`. */
  arrives?(device: ProcessorIndex, readyPs: number, arrivedPs: number): number;
  /** Access counters: see MemorySystem. */
  remoteBudget?(device: ProcessorIndex, granule: Granule): number;
  counted?(device: ProcessorIndex, granule: Granule, accesses: number): void;
  /** The budget of a granule is used up: the device waits while its pages are moved. */
  counterNotifies?(device: ProcessorIndex, granule: Granule): void;
  /** The same where a driver serves notifications in its own time, while the device runs on: instead of the one above. */
  counterReached?(device: ProcessorIndex, granule: Granule): void;
  /** Time passed: periodic work (scans). */
  tick?(nowPs: number): void;
  /** The CPU is about to fault on the page (stale copies …). */
  cpuFaults?(granule: Granule, op: AccessOp): void;
  /** An explicit move of pages. Returns `ok` or the error of Linux or the driver. */
  migrateRange(mm: Mm, start: number, end: number, to: ProcessorIndex): string;
  /** A hint of the program to the driver; absent if the system has no driver for it. */
  advise?(mm: Mm, start: number, end: number, advice: RangeAdvice): string;
  /** Evacuates the device permanently. Returns the number of pages that could not be moved. */
  evacuate(device: ProcessorIndex): number;
  /** Pages that an evacuation could never move, where pins are not the reason. */
  residue?(device: ProcessorIndex): number;
  /** Gives the device's memory back after `evacuate`. */
  replug?(device: ProcessorIndex): void;
  /** The process has exited or is about to exit. */
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

  protect(granule: Granule): void;
  unprotect(): void;
  /** Runs `work`; pages that move meanwhile record this reason and cause. */
  withCause<T>(context: MoveContext, work: () => T): T;
  /** The processor that faults or calls now works for so long before anything moves, ps: added by the next flush. */
  spend(ps: number): void;
  /** By processor: how much longer than by bandwidth accesses to its own memory take; 1 unless a backend sets it. */
  readonly slowness: Float64Array;
  /** Brings the clock of a processor up to date. Returns its time, ps. */
  settleClock(processor: ProcessorIndex): number;
  /** The position in the run of an event recorded now. */
  moment(timePs: number): EventMoment;
  /** When the driver began with the faults that it serves now, ps: before the device's clock where the device runs on. */
  driverNowPs(): number;
  /** The time of a processor's clock, including all its work so far, ps. */
  nowPs(processor: ProcessorIndex): number;
  /** A batch of access-counter notifications: `work` moves pages from `readyPs` on. Returns when all have arrived, ps. */
  counterBatch(readyPs: number, work: () => void): number;
  /** The processor does nothing until then. */
  waitFor(processor: ProcessorIndex, untilPs: number): void;
  /** Step instance in progress. */
  readonly step: number;
  /** Sends the collected moves. Returns when all bytes have arrived, ps. */
  flush(readyPs: number): number;
  transferPs(from: ProcessorIndex, to: ProcessorIndex, bytes: number): number;
  evacuate(device: ProcessorIndex): number;
  residue(device: ProcessorIndex): number;
  migrateRange(process: Process, start: number, end: number, to: ProcessorIndex): string;
  moved(process: Process, from: number, pages: number, to: number): void;
}
