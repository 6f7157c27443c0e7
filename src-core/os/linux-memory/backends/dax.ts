/**
 * A DAX file on the device's memory (D): the application opens it and builds there what the device uses. Nothing ever
 * migrates; who accesses what is priced by where it lies. A file that does not fit is an error that the application sees
 * (ENOSPC), and handles by staying with ordinary memory.
 */
import { assert } from '../../../base/assert';
import { CPU, type AccessOp, type ProcessorIndex } from '../../../model/processor';
import { reasonCode } from '../../../model/events';
import { handleFault } from '../../linux/fault';
import type { DevicePagemap } from '../../linux/device-memory';
import { FileInode } from '../../linux/file';
import type { NodeSpec } from '../../linux/kernel';
import { vmaAt, type Mm } from '../../linux/mm';
import { PAGE_BYTES, type Page } from '../../linux/page';
import { entryAt, type Pte } from '../../linux/page-table';
import type { Backend, DeviceFaultPage, LinuxHost } from '../backend';
import { localBits, remoteBits } from '../bits';
import { REASON } from '../reasons';
import { mapFile } from '../map-pieces';
import type { Piece } from '../space-map';
import { errnoOf } from './node';

const MOST_FAULTS = 16;

export class DaxBackend implements Backend {
  private memory!: LinuxHost;
  private readonly maps: DevicePagemap[] = [];
  private readonly used: number[] = [];

  nodes(): readonly NodeSpec[] {
    return [];
  }
  attach(memory: LinuxHost): void {
    this.memory = memory;
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
      memory.record(
        CPU,
        piece.objectIndex,
        piece.vpn * PAGE_BYTES,
        piece.pages * PAGE_BYTES,
        reasonCode('outcome'),
        `file on gpu${device - 1}`,
        'ENOSPC',
      );
      return false;
    }
    const { kernel } = memory;
    const file = new FileInode(kernel.id(), piece.object?.name ?? '', 'device-dax', piece.pages * PAGE_BYTES);
    kernel.files.push(file);
    for (const [index, page] of kernel.deviceFrames(this.maps[device]!, piece.pages).entries()) {
      kernel.setAllocated(page);
      page.file = file;
      page.index = index;
      file.cache.set(index, page);
    }
    this.used[device] = this.used[device]! + piece.pages;
    mapFile(memory, piece, file);
    return true;
  }

  ownerOfPage(page: Page): ProcessorIndex {
    return page.kind === 'device-dax' ? page.node : CPU;
  }
  capacity(_device: ProcessorIndex): number {
    return Math.floor(this.memory.config.deviceMemoryBytes / PAGE_BYTES);
  }
  free(device: ProcessorIndex): number {
    return this.capacity(device) - this.used[device]!;
  }

  sharedTable(device: ProcessorIndex, mm: Mm, vpn: number, entry: Pte | null): number {
    if (!entry || entry.protnone || vmaAt(mm, vpn)?.prot === 'none') return 0;
    if (entry.state === 'zero') return remoteBits(false);
    if (entry.state !== 'present' || !entry.page) return 0;
    return this.ownerOfPage(entry.page) === device ? localBits(entry.write) : remoteBits(entry.write);
  }

  decide(_device: ProcessorIndex, granule: number, _op: AccessOp): number {
    const process = this.memory.processOf(granule);
    return process && entryAt(process.mm, this.memory.map.vpn(granule)) ? REASON.noPermission : REASON.firstTouch;
  }

  deviceFaults(device: ProcessorIndex, faults: readonly DeviceFaultPage[]): void {
    const { memory } = this;
    for (const { granule, op } of faults)
      for (let attempt = 0; ; attempt++) {
        if (memory.isLocal(device, granule, op) || memory.mapsRemotely(device, granule, op)) break;
        const process = memory.processOf(granule);
        if (!process) break;
        assert(attempt < MOST_FAULTS, 'a device fault was handled again and again without making the access possible');
        const result = handleFault(memory.kernel, process.mm, memory.map.vpn(granule), {
          write: op !== 0,
          remote: true,
        });
        if (result === 'ok' || (result === 'uffd' && memory.answerUserfault(granule))) continue;
        memory.outcome(errnoOf(result), device, granule, op, process);
        break;
      }
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
