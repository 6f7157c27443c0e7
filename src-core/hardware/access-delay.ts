/**
 * The time of accesses beside their bytes: page walks, and latency where each access waits for the one before. Walks of
 * independent accesses overlap in as many thread groups as the device holds, and with the bytes; a chain of dependent
 * accesses pays each walk and each latency. Only machines that give the constants have delays.
 */
import { PS_PER_S } from '../base/units';
import type { AccessDelays } from '../contracts/accessed-memory';
import type { GpuSpec, MachineTiming } from '../model/machine';
import { Tlb } from './tlb';

/**
 * Of independent single accesses that hit, one in so many is examined and counts for all, because the check costs more
 * than the hit.
 */
const SAMPLE = 16;

/** The points to look at: those whose number i has `(i & looks) === looks`. None, where nothing delays. */
export const looksOf = (delay: AccessDelays | null, isDependent: boolean): number =>
  delay === null ? -1 : isDependent ? 0 : SAMPLE - 1;

export class AccessDelay implements AccessDelays {
  private readonly tlb: Tlb | null;
  private readonly walkPs: number;
  private readonly groups: number;
  private readonly memoryPs: number;
  private readonly remotePs: number;
  /** Page walks of independent accesses, and waiting of dependent ones, not yet added to a clock. */
  private walks = 0;
  private chainPs = 0;

  /**
   * @param gpu the device; null for a CPU, whose own latency and TLB are not modelled
   * @param blocks 2 MiB blocks of the address space
   * @param isHuge pages of 2 MiB throughout
   */
  constructor(gpu: GpuSpec | null, timing: MachineTiming, blocks: number, isHuge: boolean) {
    this.tlb = gpu && new Tlb(gpu, blocks);
    this.walkPs = gpu ? (isHuge ? gpu.pageWalkHuge : gpu.pageWalk).value : 0;
    this.groups = gpu ? gpu.smCount.value * gpu.warpsPerSm.value : 1;
    this.memoryPs = gpu ? gpu.memoryLatency.value : 0;
    this.remotePs = timing.remote?.latency.value ?? this.memoryPs;
  }

  /** `count` accesses inside one block. */
  access(block: number, count: number, isLocal: boolean, isDependent: boolean): void {
    const walks = this.tlb !== null && this.tlb.misses(block);
    if (isDependent) this.chainPs += count * (isLocal ? this.memoryPs : this.remotePs) + (walks ? this.walkPs : 0);
    else if (walks) this.walks++;
  }

  /** A single access to the device's own memory, chosen by `looksOf`. */
  point(block: number, isDependent: boolean): void {
    if (isDependent) this.access(block, 1, true, true);
    else if (this.tlb?.misses(block) === true) this.walks += SAMPLE;
  }

  /** The time of the accesses so far, given that of their bytes; whole ps. */
  with(bytesPs: number): number {
    return Math.max(bytesPs, Math.round((this.walks * this.walkPs) / this.groups)) + this.chainPs;
  }

  /** The caller has added them to a clock. */
  settle(): void {
    this.walks = 0;
    this.chainPs = 0;
  }
}

/** Rate of independent remote accesses, at most `remoteBandwidth`: Little's law, in flight × bytes ÷ latency. */
export function remoteRate({ remote, remoteBandwidth }: MachineTiming): number {
  if (!remote) return remoteBandwidth.value;
  const onTheirWay = (remote.inFlight.value * remote.requestBytes.value * PS_PER_S) / remote.latency.value;
  return Math.min(remoteBandwidth.value, onTheirWay);
}
