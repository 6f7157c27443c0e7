/** The `mapping` of a test: what its buffer is mapped on, and where in it the test works. */
import type { FileInode } from '../../../src-core/kernel/file';
import { madvise } from '../../../src-core/kernel/madvise';
import type { Prot } from '../../../src-core/kernel/mm';
import { mmap, munmap } from '../../../src-core/kernel/mmap';
import { PAGE_BYTES, PMD_PAGES } from '../../../src-core/kernel/page';
import { createFile } from '../../../src-core/kernel/page-cache';
import { pte } from '../../../src-core/kernel/page-table';
import { mapPage } from '../../../src-core/kernel/rmap';
import type { Actor, Machine } from './machine';
import { notUnderstood, sizeOf, type Range, type Scope, type Vars } from './phrases';

export type Spec = Readonly<Record<string, unknown>>;

/** A mapped buffer. Pages are virtual page numbers. */
export interface Buffer {
  readonly start: number;
  readonly end: number;
  /** First page of the part that the test uses; moves with mremap. */
  base: number;
  readonly pages: number;
  readonly s: number | null;
  readonly file: FileInode | null;
  readonly gone: Range[];
}

const text = (phrase: unknown): string => (typeof phrase === 'string' ? phrase : notUnderstood('a phrase', phrase));

const KEYS = new Set(['kind', 'share', 'prot', 'bytes', 'pages', 'note', 'hugetlb', 'fs', 'used', 'madvise']);
const HUGETLB_BYTES = PMD_PAGES * PAGE_BYTES;

export function protOf(text: unknown): Prot {
  if (text === 'NONE') return 'none';
  if (text === 'R') return 'r';
  return text === 'RW' ? 'rw' : notUnderstood('a protection', text);
}

/** Bytes of the whole mapping, and S where the test has it. */
function sizes(spec: Spec, vars: Vars): { readonly bytes: number; readonly s: number | null } {
  const none: Scope = { vars, bytes: 0, s: null, gone: [] };
  const { bytes, pages, note } = spec;
  if (typeof bytes === 'number') return { bytes, s: null };
  if (bytes === undefined && typeof pages === 'number') return { bytes: pages * PAGE_BYTES, s: null };
  if (typeof bytes !== 'string') return notUnderstood('the size of a mapping', spec);
  const hugePage = /^align_up\((\d+) MiB, default huge page\)$/.exec(bytes);
  if (hugePage)
    return { bytes: Math.ceil((Number(hugePage[1]) * 1024 * 1024) / HUGETLB_BYTES) * HUGETLB_BYTES, s: null };
  if (/^for s in PMD\*\{[\d/,]+\}$/.test(bytes)) return { bytes: sizeOf(String(vars.size), none), s: null };
  const chosen = /^S = (\d+) MiB \((\w+)=0\) or PMD size \(\2=1, region aligned to S, MADV_HUGEPAGE\)$/.exec(
    String(note),
  );
  const s = chosen ? (vars[chosen[2]!] === 1 ? sizeOf('PMD', none) : Number(chosen[1]) * 1024 * 1024) : null;
  return { bytes: sizeOf(bytes, { ...none, s }), s };
}

/** Maps a fresh buffer in the process, with advice and holes as the spec says. */
export function mapBuffer(machine: Machine, actor: Actor, spec: Spec, vars: Vars): Buffer {
  for (const key of Object.keys(spec)) if (!KEYS.has(key)) notUnderstood('a key of a mapping', key);
  const { kernel } = machine;
  const { bytes, s } = sizes(spec, vars);
  const pages = bytes / PAGE_BYTES;
  const shared = spec.share === 'shared';
  if (!shared && spec.share !== 'private') notUnderstood('a kind of sharing', spec.share);
  const file = backing(machine, spec, bytes);
  const isDevice = spec.kind === 'device_file';
  const { ret, start } = mmap(kernel, actor.process, {
    start: null,
    pages,
    prot: protOf(spec.prot),
    shared,
    file,
    hugetlb: spec.hugetlb === true,
    mixedmap: isDevice,
  });
  if (ret) throw new Error(`mmap answers ${ret}`);
  if (isDevice) insertDriverPages(machine, actor, start, pages);
  const used = usedPart(spec, start, pages, s);
  const buffer: Buffer = { start, end: start + pages, ...used, s, file, gone: [] };
  for (const clause of clauses(spec.used)) applyUse(machine, actor, buffer, clause);
  advise(machine, actor, buffer, spec, vars);
  return buffer;
}

function backing({ kernel }: Machine, spec: Spec, bytes: number): FileInode | null {
  if (spec.kind === 'anon' || spec.kind === 'device_file') return null;
  if (spec.kind !== 'file' || spec.fs !== '/tmp O_TMPFILE') return notUnderstood('a kind of mapping', spec);
  return createFile(kernel, 'tmp', 'regular', bytes);
}

/** mmap of the device's own file: the driver inserts zeroed kernel pages, read-only in a private mapping. */
function insertDriverPages({ kernel }: Machine, { process }: Actor, start: number, pages: number): void {
  for (let vpn = start; vpn < start + pages; vpn++) {
    const page = kernel.driverFrame();
    mapPage(process.mm, vpn, pte('present', page));
  }
}

const clauses = (used: unknown): readonly string[] =>
  used === undefined
    ? []
    : text(used)
        .split(/;|, (?![^[]*\))/)
        .map((clause) => clause.trim());

function usedPart(spec: Spec, start: number, pages: number, s: number | null): { base: number; pages: number } {
  const aligned = Math.ceil(start / PMD_PAGES) * PMD_PAGES;
  if (s !== null) return { base: aligned, pages: s / PAGE_BYTES };
  if (spec.used === undefined) return { base: start, pages };
  const [first] = clauses(spec.used);
  if (/^one (?:PMD-)?aligned PMD(?: at map)?$|^one PMD-aligned PMD$/.test(first!))
    return { base: aligned, pages: PMD_PAGES };
  return notUnderstood('the used part of a mapping', spec.used);
}

function applyUse({ kernel }: Machine, { process }: Actor, buffer: Buffer, clause: string): void {
  const { base, pages } = buffer;
  const hole = /^\[map\+(\w*PMD), map\+(\d+)\*PMD\) unmapped$/.exec(clause);
  if (hole) munmap(kernel, process.mm, base + PMD_PAGES, base + Number(hole[2]) * PMD_PAGES);
  else if (clause === 'MADV_HUGEPAGE') must(madvise(kernel, process.mm, base, base + pages, 'hugepage'));
  else if (!/^one /.test(clause)) notUnderstood('the use of a mapping', clause);
}

/** Advice of the mapping; the variables use_thp and thp ask for it too. */
function advise({ kernel }: Machine, { process }: Actor, buffer: Buffer, spec: Spec, vars: Vars): void {
  const { base, pages } = buffer;
  const wanted = vars.use_thp ?? vars.thp;
  const apply = (advice: 'hugepage' | 'nohugepage'): void => {
    must(madvise(kernel, process.mm, base, base + pages, advice));
  };
  if (spec.madvise === 'HUGEPAGE') apply('hugepage');
  else if (spec.madvise === undefined || spec.madvise === 'HUGEPAGE or NOHUGEPAGE') {
    if (wanted !== undefined) apply(wanted === 1 ? 'hugepage' : 'nohugepage');
    else if (spec.madvise !== undefined) notUnderstood('the advice of a mapping', spec.madvise);
  } else if (!/^none; MADV_COLLAPSE after the write, must return 0$/.test(text(spec.madvise)))
    notUnderstood('the advice of a mapping', spec.madvise);
}

function must(ret: string | null): void {
  if (ret !== null) throw new Error(`madvise answers ${ret}`);
}

export function unmapBuffer({ kernel }: Machine, { process }: Actor, buffer: Buffer): void {
  munmap(kernel, process.mm, buffer.start, buffer.end);
}
