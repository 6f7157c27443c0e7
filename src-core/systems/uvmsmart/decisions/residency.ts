/**
 * When an access to absent memory migrates it, and when it is made over the link: the zero-copy schemes. Source: UVMSmart,
 * gpu-sim.cc, lines 2909-3078; scheme of Ganguly et al., IPDPS 2020.
 */
import type { UvmsmartParams } from '../params';

/** What the schemes look at besides the block's own counters. */
export interface Pressure {
  /** Memory was exceeded at some time. */
  readonly isOversubscribed: boolean;
  /** Pages on the device and on their way, and the pages kept free, over all pages and those on their way out. */
  readonly occupancy: number;
}

/**
 * Accesses at which a read of absent memory migrates it; 0: at the first touch. Writes always migrate.
 * @param roundTrips of the block
 */
export function migrationThreshold(
  params: Pick<UvmsmartParams, 'enable_dma' | 'migrate_threshold' | 'multiply_dma_penalty'>,
  roundTrips: number,
  { isOversubscribed, occupancy }: Pressure,
): number {
  const { migrate_threshold: threshold, multiply_dma_penalty: penalty } = params;
  switch (params.enable_dma) {
    case 'disabled':
      return 0;
    case 'always':
      return threshold;
    case 'oversub':
      return isOversubscribed ? threshold : 0;
    case 'adaptive':
      return isOversubscribed ? threshold * penalty * (roundTrips + 1) : Math.floor(1 + threshold * occupancy);
  }
}
