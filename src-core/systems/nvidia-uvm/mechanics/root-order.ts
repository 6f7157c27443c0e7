/** Root chunks in the order of their accesses, where the driver is asked to evict by it. */
import type { UseOrder } from '../../../contracts/accessed-memory';
import type { ProcessorIndex } from '../../../model/processor';
import { VA_BLOCK_BYTES } from '../../../model/space';
import type { Granule } from '../../../base/indices';
import type { UvmHost } from './host';
import { rootOf } from './va-block';

/** Of 64 KiB: pieces of memory for blocks that are smaller than a root chunk. */
const BIG_PAGES_PER_BLOCK = VA_BLOCK_BYTES / 65_536;

export class RootOrder implements UseOrder {
  readonly follows = false;

  constructor(private readonly host: UvmHost) {}

  get keepsOrder(): boolean {
    return this.host.params.eviction_order === 'accessed';
  }
  /** Granules of a VA block share their root chunks. */
  get unitShift(): number {
    return 31 - Math.clz32(this.host.pagesPerBlock);
  }

  touch(device: ProcessorIndex, granule: Granule): void {
    const { host } = this;
    const { pagesPerBlock } = host;
    const block = host.blockAt(Math.floor(granule / pagesPerBlock));
    const page = granule - block.index * pagesPerBlock;
    const root = rootOf(block, device, page, Math.max(1, pagesPerBlock / BIG_PAGES_PER_BLOCK));
    if (root) host.memoryOf[device]!.touch(root);
  }

  follow(): void {}
}
