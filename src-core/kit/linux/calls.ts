/**
 * Calls to the operating system during a run: each goes to the Linux model, and its result is a row of the timeline.
 */
import type { LinuxHost } from './backend';
import { NO_OBJECT } from '../../model/events';
import type { OsAction, OsRange, OsStep } from '../../model/os-action';
import { CPU, processorName, type ProcessorIndex } from '../../model/processor';
import { toVirtual } from '../../model/space';
import type { FileInode } from '../../kernel/file';
import { basePagesOf } from '../../kernel/base-page';
import { exec, exit, fork } from '../../kernel/fork';
import { gup } from '../../kernel/gup';
import { ksmScan } from '../../kernel/ksm';
import { madvise } from '../../kernel/madvise';
import { mlock, munlock } from '../../kernel/mlock';
import { vmaAt, type MemPolicy, type Process } from '../../kernel/mm';
import { mprotect, munmap } from '../../kernel/mmap';
import { mremap } from '../../kernel/mremap';
import { mbind } from '../../kernel/numa';
import { PAGE_BYTES } from '../../kernel/page';
import { fileRead, fileWrite, truncate, writeback } from '../../kernel/page-cache';
import { registerUffd } from '../../kernel/userfaultfd';
import { type Granule, asGranule } from '../../base/indices';
import { kernelAllocation, pressure } from './host-actions';
import { REASON } from '../codes';
import { NO_CONTEXT } from './pending-moves';

/** A range of an object as pages of one process. */
interface Pages {
  readonly granule: Granule;
  readonly start: number;
  readonly end: number;
}

/** 'ok', an errno or another result; with details for the row of the timeline. */
type Answer = string | { readonly result: string; readonly [more: string]: unknown };
const answerOf = (ret: string | null): string => ret ?? 'ok';

export function executeCall(memory: LinuxHost, { process: name, action }: OsStep): void {
  const index = memory.map.processIndex(name);
  const process = memory.processes.all[index] ?? null;
  const object = 'range' in action ? action.range.object : NO_OBJECT;
  const { space } = memory.config;
  const address = 'range' in action ? toVirtual(space, space.objects[object]!.offset + action.range.from) : 0;
  const bytes = 'range' in action ? action.range.to - action.range.from : 'bytes' in action ? action.bytes : 0;
  const answer =
    process && !process.exited
      ? memory.withCause(NO_CONTEXT(REASON.explicit), () => perform(memory, process, index, action))
      : 'not executed: the process is gone';
  const { result, ...more } = typeof answer === 'string' ? { result: answer } : answer;
  const what = wordsOf(action);
  const detail = { process: name, ...more };
  memory.outcomes.record({ processor: CPU, object, address, bytes, reason: REASON.call, what, result, detail });
}

/** `munmap`, `fork child`, `unplug gpu0` … */
function wordsOf(action: OsAction): string {
  switch (action.kind) {
    case 'fork':
      return `fork ${action.child}`;
    case 'unplug':
    case 'replug':
      return `${action.kind} ${processorName(action.device)}`;
    case 'madvise':
      return `madvise ${action.advice}`;
    case 'mprotect':
      return `mprotect ${action.prot}`;
    case 'migration':
      return `migration ${action.enabled ? 'on' : 'off'}`;
    case 'pin':
      return action.longTerm ? 'pin long-term' : 'pin';
    case 'advise':
      return `advise ${action.hint}${action.at === null ? '' : ` ${processorName(action.at)}`}`;
    case 'migrate':
      return `migrate to ${processorName(action.to)}`;
    default:
      return action.kind;
  }
}

function pagesOf(memory: LinuxHost, range: OsRange): Pages {
  const { offset, bytes } = memory.config.space.objects[range.object]!;
  const first = Math.floor((offset + range.from) / PAGE_BYTES);
  const last = Math.ceil((offset + range.to) / PAGE_BYTES);
  // Objects lie on borders of the kernel's pages; in them a range is rounded out to whole ones.
  const pages = basePagesOf(memory.kernel);
  const end = Math.min(Math.ceil(last / pages) * pages, Math.ceil((offset + bytes) / PAGE_BYTES));
  const granule = asGranule(first - (first % pages));
  const start = memory.map.vpn(granule);
  return { granule: granule, start, end: start + end - granule };
}

function fileOf(process: Process, vpn: number): { file: FileInode; index: number } | null {
  const vma = vmaAt(process.mm, vpn);
  return vma?.file ? { file: vma.file, index: vma.fileOffset + vpn - vma.start } : null;
}

function perform(memory: LinuxHost, process: Process, index: number, action: OsAction): Answer {
  if ('range' in action) return performOnRange(memory, process, action, pagesOf(memory, action.range));
  const { kernel } = memory;
  switch (action.kind) {
    case 'fork': {
      if (fork(kernel, process, action.child).exited) return 'ENOMEM'; // no memory for the copies of pinned pages
      memory.contents?.forked(index, memory.map.processIndex(action.child));
      return 'ok';
    }
    case 'exit':
      memory.processes.release(process.mm);
      exit(kernel, process, 0);
      return 'ok';
    case 'exec':
      memory.processes.release(process.mm);
      exec(kernel, process);
      memory.processes.adopt(process);
      return 'ok';
    case 'unplug': {
      const left = memory.evacuate(action.device);
      return left === 0 ? 'ok' : `EBUSY: ${left} pages stay`;
    }
    case 'replug':
      memory.backend.replug?.(action.device);
      return 'ok';
    case 'kernel-allocation':
      return kernelAllocation(memory, Math.ceil(action.bytes / PAGE_BYTES));
    case 'pressure':
      return pressure(memory, Math.ceil(action.bytes / PAGE_BYTES));
    case 'memory-limit':
      process.mm.memcg.limitPages = Math.floor(action.bytes / PAGE_BYTES);
      return 'ok';
    case 'migration':
      memory.migrationOff = !action.enabled;
      return 'ok';
    case 'ksm-scan':
      return { result: 'ok', merged: ksmScan(kernel) };
  }
}

type RangeAction = Extract<OsAction, { readonly range: OsRange }>;

function performOnRange(memory: LinuxHost, process: Process, action: RangeAction, pages: Pages): Answer {
  const { kernel } = memory;
  const { mm } = process;
  const { start, end } = pages;
  switch (action.kind) {
    case 'munmap': {
      const ret = munmap(kernel, mm, start, end);
      if (ret === null) memory.contents?.cleared(process, start, end);
      return answerOf(ret);
    }
    case 'mremap':
      return remap(memory, process, pages, action.dontUnmap);
    case 'mprotect': {
      const ret = mprotect(kernel, mm, start, end, action.prot);
      memory.access.refresh(mm, start, end);
      return answerOf(ret);
    }
    case 'madvise':
      return answerOf(
        madvise(kernel, mm, start, end, action.advice, (from, to) => {
          if (action.advice === 'dontneed') memory.contents?.cleared(process, from, to);
          if (action.advice === 'free') memory.contents?.freed(process, from, to);
        }),
      );
    case 'mlock':
      return answerOf(mlock(kernel, mm, start, end));
    case 'munlock':
      return answerOf(munlock(kernel, mm, start, end));
    case 'mbind':
      return answerOf(mbind(kernel, mm, start, end, mempolicyOf(memory, action), memory.migrationOff ? 'none' : 'own'));
    case 'pin':
      return pin(memory, process, pages, action.longTerm, action.write);
    case 'unpin':
      return unpin(memory, process, pages);
    case 'memcpy':
      return 'EOPNOTSUPP'; // copy engines are not modelled on this ground
    case 'migrate':
      return memory.migrateRange(process, start, end, action.to);
    case 'advise':
      return memory.backend.advise?.(mm, start, end, action) ?? 'EOPNOTSUPP';
    case 'userfaultfd':
      return answerOf(registerUffd(kernel, mm, start, end));
    default:
      return performOnFile(memory, process, action, pages);
  }
}

/** Processors as the nodes of their memory. */
function mempolicyOf({ backend }: LinuxHost, action: Extract<OsAction, { readonly kind: 'mbind' }>): MemPolicy {
  const nodeOf = (processor: ProcessorIndex): number => backend.numaNode?.(processor) ?? processor;
  const nodes = [...new Set(action.nodes.map(nodeOf))].sort((a, b) => a - b);
  return {
    mode: action.mode,
    nodes: action.mode === 'preferred' ? nodes.slice(0, 1) : nodes,
    home: action.home === null ? null : nodeOf(action.home),
  };
}

type FileAction = Extract<RangeAction, { readonly kind: 'sync' | 'truncate' | 'file-read' | 'file-write' }>;

function performOnFile(memory: LinuxHost, process: Process, action: FileAction, { start, end }: Pages): Answer {
  const { kernel } = memory;
  const found = fileOf(process, start);
  if (!found) return 'EINVAL';
  const { file, index } = found;
  const bytes = (end - start) * PAGE_BYTES;
  switch (action.kind) {
    case 'sync':
      writeback(kernel, file, index, index + end - start);
      return 'ok';
    case 'truncate':
      truncate(kernel, file, index * PAGE_BYTES);
      memory.contents?.cut(process, start, end);
      return 'ok';
    case 'file-read': {
      const data = fileRead(kernel, file, index * PAGE_BYTES, bytes);
      memory.contents?.fileRead(start, end, process, data);
      return data ? 'ok' : 'ENOMEM';
    }
    case 'file-write': {
      const data = memory.contents?.fileWrite(start, end, process) ?? new Uint8Array(bytes);
      return answerOf(fileWrite(kernel, file, index * PAGE_BYTES, data));
    }
  }
}

/** A free place in the address space, above everything that is mapped, as mmap looks for one high up. */
function freeVpn({ mm }: Process): number {
  const top = mm.vmas.reduce((most, vma) => Math.max(most, vma.end), 0);
  return Math.ceil((top + 1) / 512) * 512;
}

function remap(memory: LinuxHost, process: Process, { start, end }: Pages, dontUnmap: boolean): Answer {
  const pages = end - start;
  const to = freeVpn(process);
  const { ret, start: now } = mremap(memory.kernel, process.mm, start, pages, to, {
    mayMove: true,
    fixed: true,
    dontUnmap,
  });
  if (ret !== null) return ret;
  memory.moved(process, start, pages, now);
  return 'ok';
}

function pin(memory: LinuxHost, process: Process, pages: Pages, longTerm: boolean, write: boolean): Answer {
  const { kernel, processes } = memory;
  for (let vpn = pages.start; vpn < pages.end; vpn++) {
    const { ret, page } = gup(kernel, process.mm, vpn, { write, pin: true, longTerm, fast: false });
    if (ret !== null) return ret;
    if (!page) continue; // the shared zero page needs no pin
    processes.hold({ mm: process.mm, vpn, page, longTerm });
  }
  return 'ok';
}

function unpin(memory: LinuxHost, process: Process, pages: Pages): Answer {
  const { processes } = memory;
  const mine = processes.pins.filter(({ mm, vpn }) => mm === process.mm && vpn >= pages.start && vpn < pages.end);
  if (mine.length === 0) return 'EINVAL';
  for (const held of mine) processes.unpin(held);
  return 'ok';
}
