/** The machine of the self-tests: one host node, four devices, processes with their buffers and open files. */
import { createKernel } from '../../../src-core/kernel/create-kernel';
import type { Kernel, Profile } from '../../../src-core/kernel/kernel';
import type { Process } from '../../../src-core/kernel/mm';
import { PAGE_BYTES } from '../../../src-core/kernel/page';
import { DmirrorDevice, type DmirrorFile } from './device';

export type Thp = 'madvise' | 'always';

const MIB_PAGES = (1024 * 1024) / PAGE_BYTES;
/** Coherent devices have the window of their physical memory; private ones register chunks as they need them. */
const COHERENT_PAGES = 256 * MIB_PAGES;
const PRIVATE_PAGES = 1024 * MIB_PAGES;

export interface Machine {
  readonly kernel: Kernel;
  /** By minor. */
  readonly devices: readonly DmirrorDevice[];
}

export function makeMachine(profile: Profile, thp: Thp): Machine {
  const kernel = createKernel({
    profile,
    contents: true,
    nodes: [{ name: 'host', pages: 2048 * MIB_PAGES, fallback: true, kernelAllocations: true, movable: false }],
    swapPages: 0,
    thp,
    hugetlbPages: 8,
  });
  const devices = [0, 1, 2, 3].map(
    (minor) =>
      new DmirrorDevice(
        kernel,
        minor,
        minor < 2 ? 'device-private' : 'device-coherent',
        minor < 2 ? PRIVATE_PAGES : COHERENT_PAGES,
      ),
  );
  return { kernel, devices };
}

/** A process of the test: its address space, the mirror buffer (a user buffer of its own), its open files. */
export interface Actor {
  readonly process: Process;
  mirror: Uint8Array;
  /** By fixture index; a child inherits them, still bound to the parent's address space. */
  files: DmirrorFile[];
}
