/**
 * What a memory system does on top of the Linux model: one file per system in this folder's `backends/`. The host side
 * (LinuxMemory) keeps clocks, books and events; a backend serves the faults of devices and says what a device's page
 * table holds.
 */
import type { NodeSpec } from '../linux/kernel';
import type { Mm } from '../linux/mm';
import type { Page } from '../linux/page';
import type { Pte } from '../linux/page-table';
import type { AccessOp, ProcessorIndex } from '../../model/processor';
import type { OsAction } from '../../model/os-action';
import type { LinuxMemory } from './linux-memory';
import type { Piece } from './space-map';

/** One page that a device asked for. */
export interface DeviceFaultPage {
  readonly granule: number;
  readonly op: AccessOp;
  /** Ordinal of the fault event. */
  readonly cause: number;
}

export interface Backend {
  /** NUMA nodes besides the host's (node 0), before the kernel exists: devices whose memory is a node. */
  nodes(devicePages: number, devices: number): readonly NodeSpec[];
  /** Called once, when the kernel exists and before anything is mapped. */
  attach(memory: LinuxMemory): void;
  /** Maps a piece of the workload in its own way; false: as Linux maps it. */
  mapPiece?(piece: Piece): boolean;
  /** A page-table entry of a process changed: the bits of a device that walks the same tables; null = it does not. */
  sharedTable?(device: ProcessorIndex, mm: Mm, vpn: number, entry: Pte | null): number;
  /** Serves device faults of one batch; what still cannot be reached afterwards was reported as an outcome. */
  deviceFaults(device: ProcessorIndex, faults: readonly DeviceFaultPage[]): void;
  /** Reason code of a device fault, before it is served. */
  decide(device: ProcessorIndex, granule: number, op: AccessOp): number;
  /** Processor in whose memory the page lies. */
  ownerOfPage(page: Page): ProcessorIndex;
  /** Free pages of a device, for policies. */
  free(device: ProcessorIndex): number;
  capacity(device: ProcessorIndex): number;
  stepBegins?(processor: ProcessorIndex): void;
  stepEnds?(processor: ProcessorIndex): void;
  /** Access counters: see MemorySystem. */
  remoteBudget?(device: ProcessorIndex, granule: number): number;
  counted?(device: ProcessorIndex, granule: number, accesses: number): void;
  counterNotifies?(device: ProcessorIndex, granule: number): void;
  /** Time passed: periodic work (scans). */
  tick?(nowPs: number): void;
  /** The CPU is about to fault on the page (stale copies …). */
  cpuFaults?(granule: number, op: AccessOp): void;
  /** A call that only this system knows what to do with; false: not handled. */
  call?(action: OsAction, process: number): boolean;
  /** An explicit move of pages; answers `ok` or what Linux or the driver says. */
  migrateRange(mm: Mm, start: number, end: number, to: ProcessorIndex): string;
  /** Empties the device for good: answers pages that could not be moved. */
  evacuate(device: ProcessorIndex): number;
  /** Pages that an evacuation could never move, where pins are not the reason. */
  residue?(device: ProcessorIndex): number;
  /** Gives the device's memory back after `evacuate`. */
  replug?(device: ProcessorIndex): void;
  /** The process is gone, or about to be. */
  processEnds?(mm: Mm): void;
}
