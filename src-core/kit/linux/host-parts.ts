/** Interfaces between the parts of a run on the Linux model; each part is a class in a file of its own. */
import type { AccessOp, ProcessorIndex } from '../../model/processor';
import type { Mm, Process } from '../../kernel/mm';
import type { Page } from '../../kernel/page';
import type { Granule } from '../../base/indices';
import type { Piece } from './space-map';

/** Page tables as bytes: see access-bits.ts. */
export interface LinuxAccess {
  /** Granules that a device ever touched (6c). */
  readonly touchedByDevice: Uint8Array;
  get(processor: ProcessorIndex, granule: Granule): number;
  /** Writes the access bits of one processor. */
  set(processor: ProcessorIndex, granule: Granule, bits: number): void;
  isRemote(processor: ProcessorIndex, granule: Granule, op: AccessOp): boolean;
  /** Whether the processor can access the page without a fault. */
  isMapped(processor: ProcessorIndex, granule: Granule, op: AccessOp): boolean;
  /** After mprotect, which may leave entries as they are: the bits of a range again. */
  refresh(mm: Mm, start: number, end: number): void;
}

/** Present and past locations of pages: see page-locations.ts. */
export interface PlaceBook {
  /** A page of a copy that is no page of Linux: an explicit copy to a device buffer, or back. */
  travel(granule: Granule, from: ProcessorIndex, to: ProcessorIndex): void;
  /** The granule is with `owner` again, and no bytes moved: a buffer was dropped. */
  settle(granule: Granule, owner: ProcessorIndex): void;
  /** The operation has ended: granules without an entry are now unmapped. */
  settleHoles(): void;
  /** Pinned device pages. */
  pinnedOn(device: number): number;
  /** Pages that were brought to a device and that no device ever used (6c). */
  untouchedPages(): number;
  /** Times that a page came back to a device after a CPU took it. */
  bounces(): { readonly total: number; readonly worst: number };
}

/** The processes of the run: see processes.ts. */
export interface ProcessTable {
  /** By index of SpaceMap.processes; null before its fork. */
  readonly all: readonly (Process | null)[];
  readonly main: Process;
  /** References that the workload holds through `pin`. */
  readonly pins: readonly HeldPin[];
  /** The live process of a granule; null before its fork and after its end. */
  of(granule: Granule): Process | null;
  /** −1: the workload has no name for that memory. */
  granule(mm: Mm, vpn: number): Granule;
  /** The process has another address space: exec. */
  adopt(process: Process): void;
  /** An address space is about to go: its pins end, and devices drop its mappings. */
  release(mm: Mm): void;
  hold(pin: HeldPin): void;
  unpin(held: HeldPin): void;
}

/** Results of Linux and the drivers: see outcomes.ts. */
export interface Outcomes {
  /** An access ended in something that is not data. A CPU's is a signal, which ends the process, as its default action does. */
  outcome(result: string, processor: ProcessorIndex, granule: Granule, op: AccessOp, process: Process): void;
  /** An access whose process has ended; too many for rows of the timeline. */
  gone(processor: ProcessorIndex, object: number): void;
  /** A signal ends the process. */
  kill(process: Process, signal: string): void;
  /** One row of kind `os`, and a count among the outcomes unless the result is success. */
  record(row: ResultRow): void;
}

/** A result as a row of the timeline. */
export interface ResultRow {
  readonly processor: ProcessorIndex;
  readonly object: number;
  readonly address: number;
  readonly bytes: number;
  /** Code of `call`, `outcome` or what a driver reports. */
  readonly reason: number;
  /** What was asked for: `gpu0 read`, `munmap`. */
  readonly what: string;
  /** `ok`, or an errno, a signal … */
  readonly result: string;
  readonly detail?: Readonly<Record<string, unknown>>;
}

/** A GUP reference that the workload holds. */
export interface HeldPin {
  readonly mm: Mm;
  readonly vpn: number;
  readonly page: Page;
  readonly longTerm: boolean;
}

/** Real bytes, where the run has them: see contents.ts. */
export interface PageContents {
  readonly mismatches: number;
  forked(parent: number, child: number): void;
  copiedIn(device: ProcessorIndex, piece: Piece, process: Process): void;
  copiedOut(device: ProcessorIndex, piece: Piece, process: Process): void;
  dropped(device: ProcessorIndex, piece: Piece): void;
  fileRead(start: number, end: number, process: Process, data: Uint8Array | null): void;
  fileWrite(start: number, end: number, process: Process): Uint8Array;
  entryChanged(granule: Granule, page: Page | null): void;
  /** The process's own memory there was dropped: munmap, DONTNEED. */
  cleared(process: Process, start: number, end: number): void;
  /** The file ends before these pages now, in every process. */
  cut(process: Process, start: number, end: number): void;
  /** The range may go at any time, until it is written again: MADV_FREE. */
  freed(process: Process, start: number, end: number): void;
}
