/** The address space of the main process as the workload file has it: one mapping per object, files and all. */
import type { LinuxHost } from './backend';
import { CPU } from '../../model/processor';
import type { MappingKind } from '../../model/os-action';
import type { FileInode, FileKind } from '../../kernel/file';
import { handleFault } from '../../kernel/fault';
import { mmap } from '../../kernel/mmap';
import { createFile } from '../../kernel/page-cache';
import { PAGE_BYTES } from '../../kernel/page';
import { madvise } from '../../kernel/madvise';
import { assert } from '../../base/assert';
import { asGranule } from '../../base/indices';
import type { Piece } from './space-map';

const FILE_OF: Readonly<Partial<Record<MappingKind, FileKind>>> = {
  'anon-shared': 'shmem',
  'file-private': 'regular',
  'file-shared': 'regular',
  hugetlb: 'hugetlb',
  dax: 'fs-dax',
};

/** Maps what the main process has at the start. Other processes get theirs by fork. */
export function mapPieces(memory: LinuxHost): void {
  for (const piece of memory.map.pieces) {
    if (piece.process !== 0) continue;
    if (memory.backend.mapPiece?.(piece) !== true) mapPiece(memory, piece);
    if (piece.object?.initially === 'host') populate(memory, piece);
  }
}

function mapPiece(memory: LinuxHost, piece: Piece): void {
  const kind = piece.object?.mapping ?? 'anon';
  const fileKind = FILE_OF[kind];
  let file: FileInode | null = null;
  if (fileKind !== undefined && fileKind !== 'hugetlb')
    file = createFile(memory.kernel, piece.object?.name ?? '', fileKind, piece.pages * PAGE_BYTES);
  mapFile(memory, piece, file);
}

/** mmap of a piece at its fixed address. */
export function mapFile(memory: LinuxHost, piece: Piece, file: FileInode | null): void {
  const kind = piece.object?.mapping ?? 'anon';
  const process = memory.processes.main;
  const { ret } = mmap(memory.kernel, process, {
    start: piece.vpn,
    pages: kind === 'hugetlb' ? Math.ceil(piece.pages / 512) * 512 : piece.pages,
    prot: 'rw',
    shared: kind === 'anon-shared' || kind === 'file-shared' || kind === 'dax' || file?.kind === 'device-dax',
    file,
    fileOffset: 0,
    hugetlb: kind === 'hugetlb',
    dax: kind === 'dax',
  });
  assert(ret === null, `mmap of ${piece.object?.name ?? 'a region'} answered ${ret ?? ''}`);
  const advice = piece.object?.advice;
  if (advice) madvise(memory.kernel, process.mm, piece.vpn, piece.vpn + piece.pages, advice);
}

/** `initially: host`: every page is there before the first access, without faults that count. */
function populate(memory: LinuxHost, piece: Piece): void {
  const { mm } = memory.processes.main;
  for (let i = 0; i < piece.pages; i++)
    if (memory.access.get(CPU, asGranule(piece.granule + i)) === 0)
      handleFault(memory.kernel, mm, piece.vpn + i, { write: true });
}
