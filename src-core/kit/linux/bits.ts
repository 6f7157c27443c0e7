/**
 * One byte per granule and processor: its page table as far as the hot path needs it. TRACKED and PENDING lie where
 * kit/residency.ts has them, so that the ledger and the fault buffer mean the same.
 */
import { PENDING, TRACKED, type HotMasks } from '../../contracts/accessed-memory';

/** Reads and writes that find the page in the processor's own memory. */
export const READ_LOCAL = 0b0000_0001;
export const WRITE_LOCAL = 0b0000_0010;
/** Reads and writes that go over the link. */
export const READ_REMOTE = 0b0000_0100;
export const WRITE_REMOTE = 0b0010_0000;
/** A device's own page that it has not used yet: its first use is no plain hit, so that it is seen (6c). */
export const FRESH = 0b0100_0000;
export const ACCESS_BITS = READ_LOCAL | WRITE_LOCAL | READ_REMOTE | WRITE_REMOTE;

export const localBits = (write: boolean): number => (write ? READ_LOCAL | WRITE_LOCAL : READ_LOCAL);
export const remoteBits = (write: boolean): number => (write ? READ_REMOTE | WRITE_REMOTE : READ_REMOTE);

/** By AccessOp: read, write, read-write, atomic. */
const need = (read: number, write: number): Uint8Array => Uint8Array.of(read, write, write, write);
export const LOCAL_NEED = need(READ_LOCAL, WRITE_LOCAL);
export const REMOTE_NEED = need(READ_REMOTE, WRITE_REMOTE);
export const LINUX_MASKS: HotMasks = {
  mask: LOCAL_NEED.map((bit) => bit | TRACKED | PENDING | FRESH),
  want: LOCAL_NEED,
};
