import { expect, it } from 'vitest';
import { randomStream } from '../../../../src-core/base/random';
import { makeDeviceExclusive } from '../../../../src-core/os/linux/exclusive';
import { exit, fork, exec } from '../../../../src-core/os/linux/fork';
import { gup, ungup, type GupFlags } from '../../../../src-core/os/linux/gup';
import { ksmScan } from '../../../../src-core/os/linux/ksm';
import { madvise } from '../../../../src-core/os/linux/madvise';
import { mlock, munlock } from '../../../../src-core/os/linux/mlock';
import { Memcg, vmaAt, type Process } from '../../../../src-core/os/linux/mm';
import { mmap, mprotect, munmap } from '../../../../src-core/os/linux/mmap';
import { mremap } from '../../../../src-core/os/linux/mremap';
import { scanAddressSpace } from '../../../../src-core/os/linux/numa';
import { createFile, writeback, fileRead, truncate } from '../../../../src-core/os/linux/page-cache';
import { PAGE_BYTES, type Page } from '../../../../src-core/os/linux/page';
import { checkBooks } from './books';
import { entryAt } from '../../../../src-core/os/linux/page-table';
import { BASE, makeDevice, makeKernel, node, peek, poke, startMigration } from './build';
import { unplug } from '../../../../src-core/os/linux/device-evict';

interface Cell { v: number; lazy: boolean; shared: boolean }
const FROM = Number(process.env['SEED'] ?? 1);
const COUNT = Number(process.env['COUNT'] ?? 300);
const ADV = ['dontneed', 'free', 'cold', 'pageout', 'hugepage', 'nohugepage', 'collapse', 'populate-write', 'mergeable', 'unmergeable'] as const;

function run(seed: number, log: string[]): void {
  const r = randomStream(seed, 'fuzz');
  const big = r.below(6) === 0;
  const kernel = makeKernel({
    profile: r.below(2) ? 'cur' : '612',
    nodes: [node(big ? 3000 : 30 + r.below(60)), node(big ? 1500 : 20, { fallback: r.below(2) === 0, movable: r.below(2) === 0 })],
    swapPages: r.below(3) === 0 ? 0 : 400,
    thp: big ? 'always' : 'madvise',
  });
  const devs = [makeDevice(kernel, 'device-private', big ? 1024 : 20), makeDevice(kernel, 'device-coherent', big ? 1024 : 20)];
  const file = createFile(kernel, 'file', 'regular', 12 * PAGE_BYTES);
  const fileCells: Cell[] = Array.from({ length: 12 }, () => ({ v: 0, lazy: false, shared: true }));
  const memcg = r.below(2) ? new Memcg('m', 25 + (big ? 2000 : 0)) : kernel.rootMemcg;
  const procs: { p: Process; cells: Map<number, Cell> }[] = [{ p: kernel.spawn('p', memcg), cells: new Map() }];
  const pins: { page: Page; flags: GupFlags }[] = [];
  const locks: Page[] = [];
  let pending: { finish: () => void }[] = [];
  const cellAt = (q: (typeof procs)[0], vpn: number): Cell => {
    let c = q.cells.get(vpn);
    if (!c) {
      const vma = vmaAt(q.p.mm, vpn)!;
      if (vma.file === file) {
        const fc = fileCells[vma.fileOffset + vpn - vma.start]!;
        c = fc;
        if (!vma.shared) return fc; // not recorded: follows the file until written
      } else if (vma.shared) {
        throw new Error('shared cells are made at mmap');
      } else c = { v: 0, lazy: false, shared: false };
      q.cells.set(vpn, c);
    }
    return c;
  };
  const drop = (q: (typeof procs)[0], a: number, b: number): void => {
    for (let i = a; i < b; i++) q.cells.delete(i);
  };
  const steps = big ? 60 : 120;
  const span = big ? 1100 : 40;
  for (let s = 0; s < steps; s++) {
    const q = procs[r.below(procs.length)]!;
    const { mm } = q.p;
    const scale = big && r.below(2) ? 512 : 1;
    let a = BASE + (scale === 512 ? 512 * r.below(2) : r.below(span));
    const len = scale === 512 ? 512 * (1 + r.below(2)) : 1 + r.below(12);
    let b = a + len;
    const op = r.below(30);
    const note = (t: string): void => { log.push(`${s}: p${q.p.pid} ${t} [${a - BASE},${b - BASE})`); };
    if (op < 3) {
      const kind = r.below(big ? 2 : 4);
      note('mmap ' + kind);
      let f = null; let off = 0;
      if (kind >= 2) { f = file; off = r.below(4); b = Math.min(b, a + 12 - off); }
      const shared = kind === 1 || kind === 3;
      mmap(kernel, q.p, { start: a, pages: b - a, prot: 'rw', shared, file: f, fileOffset: off });
      drop(q, a, b);
      if (kind === 1) for (let i = a; i < b; i++) q.cells.set(i, { v: 0, lazy: false, shared: true });
      if (big && r.below(2)) madvise(kernel, mm, a, b, 'hugepage');
    } else if (op === 3) { note('munmap'); munmap(kernel, mm, a, b); drop(q, a, b); }
    else if (op === 4) {
      const to = BASE + (scale === 512 ? 512 * (2 + r.below(2)) : r.below(span + 20));
      const du = r.below(2) === 0;
      note(`mremap to ${to - BASE} du ${du}`);
      const old = vmaAt(mm, a);
      const oldCells = new Map<number, Cell | undefined>();
      for (let i = a; i < b; i++) oldCells.set(i, q.cells.get(i));
      const { ret } = mremap(kernel, mm, a, b - a, to, { mayMove: true, fixed: true, dontUnmap: du });
      if (ret === null) {
        drop(q, to, to + b - a);
        for (let i = a; i < b; i++) {
          const c = oldCells.get(i);
          if (!du || !old!.shared) q.cells.delete(i);
          if (c) q.cells.set(to + i - a, c);
        }
      } else log.push(`   ${ret}`);
    } else if (op === 5) { const prot = (['none', 'r', 'rw', 'rw'] as const)[r.below(4)]!; note('mprotect ' + prot); mprotect(kernel, mm, a, b, prot); }
    else if (op < 8) {
      const adv = ADV[r.below(ADV.length)]!;
      note('madvise ' + adv);
      const was: (typeof mm.vmas)[0][] = [];
      for (let i = a; i < b; i++) { const v = vmaAt(mm, i); if (v) was.push(v); }
      const vm = new Map<number, boolean>();
      const adv2: number[] = [];
      // mirror of the VMA-wise order
      for (let i = a; i < b; i++) {
        const v = vmaAt(mm, i);
        if (!v) continue;
        if (adv === 'dontneed' && v.locked) break;
        if (adv === 'free' && (v.file || v.shared)) break;
        vm.set(i, true); adv2.push(i);
      }
      madvise(kernel, mm, a, b, adv);
      for (const i of adv2) {
        const v = vmaAt(mm, i)!;
        if (adv === 'dontneed' && !v.shared) q.cells.delete(i);
        if (adv === 'free') { const c = q.cells.get(i); if (c) c.lazy = true; }
      }
    } else if (op === 8 && procs.length < 4) {
      note('fork');
      const child = fork(kernel, q.p, 'c');
      if (!child.exited) {
        const cells = new Map<number, Cell>();
        for (const [i, c] of q.cells) cells.set(i, c.shared ? c : { ...c });
        procs.push({ p: child, cells });
      }
    } else if (op === 9 && procs.length > 1) { note('exit'); exit(kernel, q.p, 0); procs.splice(procs.indexOf(q), 1); }
    else if (op < 18) {
      for (let k = 0; k < 6; k++) {
        const i = a + r.below(b - a);
        const vma = vmaAt(mm, i);
        const write = r.below(2) === 0;
        if (write) {
          const v = 1 + r.below(255);
          const got = poke(kernel, mm, i, v);
          log.push(`${s}: p${q.p.pid} write ${i - BASE} = ${v}: ${got}`);
          if (got === 'ok') {
            if (vma!.prot !== 'rw') throw new Error('wrote');
            let c = cellAt(q, i);
            if (vma!.file === file && !vma!.shared && c.shared) { c = { v, lazy: false, shared: false }; q.cells.set(i, c); }
            c.v = v; c.lazy = false;
          } else if (got === 'blocked') { if (pending.length === 0 && locks.length === 0) throw new Error('blocked for nothing'); }
          else if (got === 'sigsegv') { if (vma?.prot === 'rw') throw new Error('sigsegv'); }
          else if (got !== 'oom') throw new Error(got);
        } else {
          const got = peek(kernel, mm, i);
          log.push(`${s}: p${q.p.pid} read ${i - BASE}: ${got}`);
          if (typeof got === 'number') {
            const c = cellAt(q, i);
            if (got !== c.v && !(c.lazy && got === 0)) throw new Error(`page ${i - BASE} reads ${got}, not ${c.v}`);
            if (got !== c.v) { c.v = 0; c.lazy = false; }
          } else if (got === 'blocked') { if (pending.length === 0 && locks.length === 0) throw new Error('blocked for nothing'); }
          else if (got === 'sigsegv') { if (vma && vma.prot !== 'none') throw new Error('sigsegv'); }
          else if (got !== 'oom') throw new Error(got);
        }
      }
    } else if (op < 22) {
      const dev = devs[r.below(2)]!;
      const vma = vmaAt(mm, a);
      if (!vma || dev.closing) continue;
      b = Math.min(b, vma.end);
      if (vma.hugetlb || vma.dax) continue;
      note('toDevice ' + dev.kind);
      try { const m = startMigration(kernel, dev, mm, a, b); if (r.below(3) === 0) pending.push(m); else m.finish(); } catch (e) { throw e; }
    } else if (op === 22) { note('finish'); for (const m of pending) m.finish(); pending = []; }
    else if (op === 23) {
      const flags = { write: r.below(2) === 0, pin: r.below(2) === 0, longTerm: r.below(2) === 0, fast: false };
      const { ret, page } = gup(kernel, mm, a, flags);
      note('gup ' + JSON.stringify(flags) + ret);
      if (page) pins.push({ page, flags });
    } else if (op === 24 && pins.length) { note('ungup'); const { page, flags } = pins.splice(r.below(pins.length), 1)[0]!; ungup(kernel, page, flags); }
    else if (op === 25) {
      note('exclusive');
      const { page } = makeDeviceExclusive(kernel, mm, a, devs[0]!.owner);
      if (page) { if (r.below(2)) locks.push(page); else { page.head.locked = false; kernel.put(page); } }
    } else if (op === 26) { for (const page of locks.splice(0)) { page.head.locked = false; kernel.put(page); } note('unlock'); }
    else if (op === 27) { note('ksm/numa'); if (r.below(2)) ksmScan(kernel); else scanAddressSpace(kernel, mm, 0); }
    else if (op === 28) { note('mlock'); if (r.below(2)) mlock(kernel, mm, a, b); else munlock(kernel, mm, a, b); }
    else if (op === 29) { if (r.below(2)) { note('writeback'); writeback(kernel, file, 0, 12); } else { const dev = devs[r.below(2)]!; note('unplug'); unplug(kernel, dev); dev.closing = false; } }
    for (const vma of mm.vmas) if (vma.file === file && !vma.shared) for (let i = vma.start; i < vma.end; i++) {
      if (q.cells.has(i)) continue;
      const e = entryAt(mm, i)?.entry;
      if (e?.page?.head.anon) q.cells.set(i, { v: fileCells[vma.fileOffset + i - vma.start]!.v, lazy: false, shared: false });
    }
    if (pending.length === 0 && locks.length === 0) {
      const held: Page[] = pins.map((x) => x.page.head);
      for (const d of devs) held.push(...d.inUse);
      const wrong = checkBooks(kernel, held);
      if (wrong.length) throw new Error(wrong.slice(0, 6).join('\n'));
    }
  }
  for (const m of pending) m.finish();
  for (const page of locks) { page.head.locked = false; kernel.put(page); }
  for (const { page, flags } of pins) ungup(kernel, page, flags);
  for (const q of procs) exit(kernel, q.p, 0);
  truncate(kernel, file, 0);
  const wrong = checkBooks(kernel, devs.flatMap((d) => [...d.inUse]));
  if (kernel.used.some((u) => u > 0) || devs.some((d) => d.usedPages) || kernel.swap.size || memcg.charged) wrong.push(`left: ${JSON.stringify([kernel.used, devs.map((d) => d.usedPages), kernel.swap.size, memcg.charged])}`);
  if (wrong.length) throw new Error('at the end ' + wrong.slice(0, 6).join('\n'));
  void fileRead; void exec;
}

it('fuzz', () => {
  const fails: string[] = [];
  const kinds = new Map<string, number>();
  for (let seed = FROM; seed < FROM + COUNT; seed++) {
    const log: string[] = [];
    try { run(seed, log); } catch (e) {
      const err = e as Error;
      const at = (err.stack ?? '').split('\n').filter((l) => l.includes('src-core')).slice(0, 6).map((l) => l.trim().replace('/work/main/src-core/os/linux/', '')).join(' < ');
      const key = err.message.replace(/\d+/g, '#').slice(0, 100);
      kinds.set(key, (kinds.get(key) ?? 0) + 1);
      if (kinds.get(key) === 1) fails.push(`SEED ${seed}: ${err.message}\n  ${at}\n  ${log.slice(COUNT === 1 ? -4000 : -3).join('\n  ')}`);
    }
  }
  console.log(fails.join('\n\n'), [...kinds]);
  expect(kinds.size).toBe(0);
}, 600_000);
