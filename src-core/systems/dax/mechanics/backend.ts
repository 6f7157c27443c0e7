/**
 * A DAX file on the device's memory (D): the application opens it and builds there what the device uses. Nothing ever
 * migrates; who accesses what is priced by where it lies. A file that does not fit is an error that the application sees
 * (ENOSPC), and handles by staying with ordinary memory.
 */
import { CPU, processorName, type ProcessorIndex, asProcessor } from '../../../model/processor';
import type { DevicePagemap } from '../../../kernel/device-memory';
import { FileInode } from '../../../kernel/file';
import type { NodeSpec } from '../../../kernel/kernel';
import { PAGE_BYTES } from '../../../kernel/page';
import type { LinuxHost, PageOrigin } from '../../../kit/linux/backend';
import { REASON } from '../../../kit/codes';
import { SharedTableBackend } from '../../../kit/linux/shared-table';
import { mapFile } from '../../../kit/linux/map-pieces';
import type { Piece } from '../../../kit/linux/space-map';

export class DaxBackend extends SharedTableBackend {
  readonly traits = {
    samePointers: true,
    structPages: true,
    kernelPlaces: false,
    knobs: 'the application decides by the file it opens',
  };
  private readonly maps: DevicePagemap[] = [];
  private readonly used: number[] = [];

  nodes(): readonly NodeSpec[] {
    return [];
  }
  override attach(memory: LinuxHost): void {
    super.attach(memory);
    for (let device = 0; device <= memory.config.devices; device++) {
      this.used.push(0);
      this.maps.push({
        name: `gpu${device - 1}`,
        kind: 'device-dax',
        node: device,
        owner: null,
        migrateToRam: () => 'sigbus',
        folioFree: () => {
          this.used[device] = this.used[device]! - 1;
        },
      });
    }
  }

  /** Places the objects that some device uses; the others stay what they are. */
  mapPiece(piece: Piece): boolean {
    const { memory } = this;
    const device = piece.objectIndex < 0 ? undefined : memory.config.deviceObjects?.get(piece.objectIndex);
    if (device === undefined) return false;
    memory.tally.apiCalls++; // open and mmap in place of malloc
    if (this.free(device) < piece.pages) {
      memory.outcomes.record({
        processor: CPU,
        object: piece.objectIndex,
        address: piece.vpn * PAGE_BYTES,
        bytes: piece.pages * PAGE_BYTES,
        reason: REASON.outcome,
        what: `file on ${processorName(device)}`,
        result: 'ENOSPC',
      });
      return false;
    }
    const { kernel } = memory;
    const file = new FileInode(kernel.id(), piece.object?.name ?? '', 'device-dax', piece.pages * PAGE_BYTES);
    kernel.files.push(file);
    const first = kernel.deviceFrames(this.maps[device]!, piece.pages);
    for (let index = 0; index < piece.pages; index++) {
      kernel.setAllocated(first + index);
      const page = kernel.frames.page(first + index);
      page.file = file;
      page.index = index;
      file.cache.set(index, page);
    }
    this.used[device] = this.used[device]! + piece.pages;
    mapFile(memory, piece, file);
    return true;
  }

  ownerOfPage(page: PageOrigin): ProcessorIndex {
    return page.kind === 'device-dax' ? asProcessor(page.node) : CPU;
  }
  capacity(_device: ProcessorIndex): number {
    return Math.floor(this.memory.config.deviceMemoryBytes / PAGE_BYTES);
  }
  free(device: ProcessorIndex): number {
    return this.capacity(device) - this.used[device]!;
  }

  protected nodeOf(_device: ProcessorIndex): number {
    return 0; // what is in no file is ordinary memory of the host
  }

  migrateRange(): string {
    return 'EOPNOTSUPP'; // files on a device have nowhere to go
  }

  /** A file system on the device has to be unmounted: what is in it stays (requirement 1 does not hold). */
  residue(device: ProcessorIndex): number {
    return this.used[device]!;
  }
  evacuate(device: ProcessorIndex): number {
    return this.used[device]!;
  }
}
