/** The sizes in which UVMSmart thinks (abstract_hardware_model.h: page 4 KB, MIN_PREFETCH_SIZE, MAX_PREFETCH_SIZE). */
import { KIB, PS_PER_US } from '../../../base/units';

export const PAGE_BYTES = 4 * KIB;
/** A basic block: 64 KiB. */
export const LEAF_PAGES = 16;
export const LEAF_BYTES = LEAF_PAGES * PAGE_BYTES;
/** A large page: 2 MiB. */
export const LEAVES_PER_TREE = 32;

/** How long so many cycles of a clock in MHz take, whole ps. */
export const psOfCycles = (cycles: number, megahertz: number): number => Math.round((cycles * PS_PER_US) / megahertz);
