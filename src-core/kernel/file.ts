/** Files as far as memory management sees them: page cache, what is on disk, dirty and written-back pages. */
import type { Page } from './page';

export type FileKind = 'regular' | 'shmem' | 'hugetlb' | 'fs-dax' | 'device-dax' | 'driver';

export class FileInode {
  /** Page cache: page number → head of the folio that holds it. */
  readonly cache = new Map<number, Page>();
  /** What is on the disk (regular, fs-dax): page number → bytes; a missing page is zeros. */
  readonly disk = new Map<number, Uint8Array | null>();
  /** Pages of a shmem file that are swapped out: page number → slot. */
  readonly swapped = new Map<number, number>();

  constructor(
    readonly id: number,
    readonly name: string,
    readonly kind: FileKind,
    /** Length in bytes; an access beyond it is SIGBUS. */
    public bytes: number,
    /** Processes and VMAs that hold it open; at zero an unlinked file goes. */
    public references = 0,
  ) {}
}
