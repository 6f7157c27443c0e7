import type { BytesPerSecond, Bytes, Picoseconds } from '../base/units';

/** A constant with its origin. `grade`: how well it is known. */
export interface Sourced<T> {
  readonly value: T;
  readonly source: string;
  readonly grade: 'specification' | 'measured' | 'published' | 'derived' | 'assumed' | 'definition';
}

/** A link whose rate depends on the size of a transfer: rate(s) = asymptote × (2/π) × atan(s × knee). */
export interface LinkSpec {
  /** Rate of an endless transfer, one direction; towards the device where the two differ. */
  readonly asymptote: Sourced<BytesPerSecond>;
  /** The same towards the host, where it differs. */
  readonly asymptoteToHost?: Sourced<BytesPerSecond>;
  /** Per KiB; larger reaches the asymptote at smaller transfers. */
  readonly kneePerKib: Sourced<number>;
  /** true: both directions at full rate at once. */
  readonly duplex: Sourced<boolean>;
  /** From the last byte sent to the bytes usable. Transfers behind one another overlap it; 0 where absent. */
  readonly latency?: Sourced<Picoseconds>;
  /** Largest distance of the curve from the figures that it stands for, as a share of them; unknown where absent. */
  readonly curveError?: Sourced<number>;
  /** Transfers of one direction in service at once; together they never exceed the asymptote. 1 where absent. */
  readonly copyEnginesPerDirection?: Sourced<number>;
}

/** Loads and stores across the link: by the device of the host's memory, and the reverse where that is possible. */
export interface RemoteAccessSpec {
  /** One load that waits for nothing else: from issue to data. */
  readonly latency: Sourced<Picoseconds>;
  /** Requests on their way at once; with `requestBytes` and `latency` they bound the bandwidth (Little's law). */
  readonly inFlight: Sourced<number>;
  /** Payload of one request. */
  readonly requestBytes: Sourced<Bytes>;
}

/** The part of a GPU that raises, holds and hides page faults. */
export interface GpuSpec {
  /** Streaming multiprocessors, compute units or Xe cores. */
  readonly smCount: Sourced<number>;
  /** Thread groups (warps, wavefronts, subgroups) resident on one of them: with `smCount` the groups in flight. */
  readonly warpsPerSm: Sourced<number>;
  /** Threads that issue one access together: 32 on NVIDIA, 64 on AMD CDNA. */
  readonly threadsPerWarp: Sourced<number>;
  /** SMs that share one first-level (micro) TLB, the unit that limits outstanding faults. */
  readonly smsPerUtlb: Sourced<number>;
  /** Faults that one such TLB may have outstanding; further misses wait. */
  readonly faultsPerUtlb: Sourced<number>;
  /** Entries of the fault buffer in memory; the hardware holds faults back when it is full. */
  readonly faultBufferEntries: Sourced<number>;
  /** Bytes that the last TLB level covers when all is mapped by 2 MiB pages. */
  readonly tlbReach: Sourced<Bytes>;
  /** A miss of the last TLB level down to a 4 or 64 KiB leaf. */
  readonly pageWalk: Sourced<Picoseconds>;
  /** A miss of the last TLB level down to a 2 MiB leaf, one level fewer. */
  readonly pageWalkHuge: Sourced<Picoseconds>;
  /** One load that misses every cache: from issue to data out of the device's own memory. */
  readonly memoryLatency: Sourced<Picoseconds>;
}

/**
 * What a driver's fault service costs, part by part. Times are of the CPU that runs the driver unless said otherwise;
 * transfers are not in them (the link has those).
 */
export interface DriverCosts {
  /** From the fault message to the first fetch: interrupt, bottom half, waking the worker. Once per wake-up. */
  readonly interrupt: Sourced<Picoseconds>;
  /** Reading one entry out of the fault buffer. */
  readonly fetchPerEntry: Sourced<Picoseconds>;
  /** Per entry: merging with its equals, sorting, finding the address space. */
  readonly preprocessPerEntry: Sourced<Picoseconds>;
  /** Per block (NVIDIA: 2 MiB VA block; AMD: range; Intel: chunk) of a batch: lock, decisions, state. */
  readonly perBlock: Sourced<Picoseconds>;
  /** Per 4 KiB page taken out of a CPU page table. */
  readonly perPageUnmap: Sourced<Picoseconds>;
  /** Per block and processor with pages taken out: inter-processor interrupts and invalidation, CPU or GPU side. */
  readonly tlbShootdown: Sourced<Picoseconds>;
  /** Per host page made reachable by the device (IOMMU or DMA mapping), the first time only. */
  readonly dmaMapPerPage: Sourced<Picoseconds>;
  /** Per copy run (contiguous on both sides): building and submitting the command. */
  readonly dmaSetup: Sourced<Picoseconds>;
  /** Per chunk of device memory allocated for a block, without zeroing. */
  readonly populatePerChunk: Sourced<Picoseconds>;
  /** Rate at which new device memory is zeroed. */
  readonly zeroing: Sourced<BytesPerSecond>;
  /** Per entry written into a device's page table. */
  readonly ptePerUpdate: Sourced<Picoseconds>;
  /** Telling the device to try again and waiting until it does. Once per replay. */
  readonly replay: Sourced<Picoseconds>;
  /** Per evicted block: choosing, unmapping, waiting for the copy to start; without the transfer. */
  readonly evictionPerBlock: Sourced<Picoseconds>;
}

/**
 * A machine: one host and some equal devices. `timing: null` is a machine that only counts (every cost is zero and
 * the axis of its timeline is the access number).
 */
export interface MachineSpec {
  readonly id: string;
  readonly title: string;
  readonly summary: string;
  /** Memory of each device unless the run says otherwise. */
  readonly deviceMemory: Sourced<Bytes>;
  /** Entries that the driver fetches from the fault buffer in one batch; 1 = each fault alone. */
  readonly faultBatchEntries: Sourced<number>;
  /** May the CPU map device memory (coherent link), or does a CPU touch always migrate? */
  readonly hostMapsDevice: Sourced<boolean>;
  /** Base page of the host's kernel, 4 KiB where absent. */
  readonly hostPage?: Sourced<Bytes>;
  /** Absent on machines that do not say how their device raises faults, and where the device computes nothing. */
  readonly gpu?: GpuSpec;
  readonly timing: MachineTiming | null;
}

export interface MachineTiming {
  readonly link: LinkSpec;
  /** Between two devices, where they have a way of their own; through the host's link otherwise. */
  readonly peerLink?: LinkSpec;
  /** CPU first touch of a granule: allocate, zero, map. */
  readonly cpuFirstTouch: Sourced<Picoseconds>;
  /** CPU fault on memory that lies on a device, without the transfer. */
  readonly cpuFault: Sourced<Picoseconds>;
  /** Fixed part of servicing one GPU fault batch: interrupt, fetch, sort, replay. */
  readonly batchFixed: Sourced<Picoseconds>;
  /** Per faulted granule of a batch, without the transfer: lookup, unmap, DMA set-up, page tables. */
  readonly batchPerFault: Sourced<Picoseconds>;
  /** Per evicted granule, without the transfer. */
  readonly evictionFixed: Sourced<Picoseconds>;
  /** The service of a batch in parts, for memory systems that model the driver; the three above are their sums. */
  readonly driver?: DriverCosts;
  readonly hostBandwidth: Sourced<BytesPerSecond>;
  readonly deviceBandwidth: Sourced<BytesPerSecond>;
  /** Device reading or writing host memory through its mapping, and the reverse where it can. */
  readonly remoteBandwidth: Sourced<BytesPerSecond>;
  /** Latency and depth of such accesses; bandwidth alone counts where absent. */
  readonly remote?: RemoteAccessSpec;
  /** Start of each step on a device. */
  readonly kernelLaunch: Sourced<Picoseconds>;
}
