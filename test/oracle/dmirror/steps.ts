/** The operations of hmm-selftests.json that the processes do by themselves; those of the device are in device-steps.ts. */
import { accessRead, accessWrite } from '../../../src-core/kernel/access';
import { exit, fork } from '../../../src-core/kernel/fork';
import { gup, ungup } from '../../../src-core/kernel/gup';
import { madvise } from '../../../src-core/kernel/madvise';
import { mprotect, munmap } from '../../../src-core/kernel/mmap';
import { mremap } from '../../../src-core/kernel/mremap';
import { PAGE_BYTES, PMD_PAGES } from '../../../src-core/kernel/page';
import { fileRead, fileWrite } from '../../../src-core/kernel/page-cache';
import { close } from './commands';
import { deviceSteps } from './device-steps';
import { checkInts, fail } from './expect';
import type { Actor } from './machine';
import { protOf } from './mapping';
import { bytesOf, notUnderstood, patternOf, rangesOf, sizeOf, type Range } from './phrases';
import { bufferOf, freshBuffer, scopeOf, vpnsOf, type Operation, type Run, type Step } from './run';

const addressOf = (run: Run, byte: number): number => bufferOf(run).base * PAGE_BYTES + byte;

function load(run: Run, actor: Actor, range: Range): Uint8Array {
  const { kernel } = run.machine;
  const { result, data } = accessRead(kernel, actor.process.mm, addressOf(run, range.from), range.to - range.from);
  return data ?? fail('a load', 'ok', result);
}

function store(run: Run, actor: Actor, range: Range, data: Uint8Array): void {
  const { result } = accessWrite(run.machine.kernel, actor.process.mm, addressOf(run, range.from), data);
  if (result !== 'ok') fail('a store', 'ok', result);
}

/** Ints are written in pieces, so that large buffers need no second copy of themselves. */
const PIECE = 64 * 1024;
function* piecesOf(range: Range): Generator<Range> {
  for (let from = range.from; from < range.to; from += PIECE) yield { from, to: Math.min(range.to, from + PIECE) };
}

function expectation(step: Step, key: string): unknown {
  const { expect } = step;
  if (typeof expect !== 'object' || expect === null || Object.keys(expect).some((each) => each !== key))
    return notUnderstood('an expectation', expect);
  return (expect as Record<string, unknown>)[key];
}

function expectRet(step: Step, ret: string | null): void {
  if (step.expect === undefined) {
    if (ret !== null) fail(step.op, 0, `-${ret}`);
    return;
  }
  const expected = expectation(step, 'ret');
  const found = ret === null ? 0 : `-${ret}`;
  if (found !== expected) fail('ret', expected, found);
}

const memory: Readonly<Record<string, Operation>> = {
  cpu_write: {
    keys: ['range', 'value'],
    run: (run, actor, step) => {
      const pattern = patternOf(step.value, run.vars);
      for (const range of rangesOf(step.range, scopeOf(run)))
        for (const piece of piecesOf(range)) store(run, actor, piece, bytesOf(pattern, piece));
    },
  },
  cpu_read: {
    keys: ['range', 'expect'],
    run: (run, actor, step) => {
      const pattern = patternOf(expectation(step, 'value'), run.vars);
      for (const range of rangesOf(step.range, scopeOf(run)))
        for (const piece of piecesOf(range)) checkInts('a load', load(run, actor, piece), piece, pattern);
    },
  },
  cpu_rmw: {
    keys: ['range', 'do'],
    run: (run, actor, step) => {
      const match = /^read must equal (\S+), then increment(?:; then all (\S+))?$/.exec(String(step.do));
      if (!match) notUnderstood('a read-modify-write', step.do);
      const before = patternOf(match[1], run.vars);
      for (const range of rangesOf(step.range, scopeOf(run))) {
        for (const piece of piecesOf(range)) {
          checkInts('a load', load(run, actor, piece), piece, before);
          store(
            run,
            actor,
            piece,
            bytesOf((k) => before(k) + 1, piece),
          );
        }
        if (match[2] === undefined) continue;
        const after = patternOf(match[2], run.vars);
        for (const piece of piecesOf(range)) checkInts('a load', load(run, actor, piece), piece, after);
      }
    },
  },
  pwrite: {
    keys: ['value'],
    run: (run, _actor, step) => {
      const { file, pages } = bufferOf(run);
      const whole = { from: 0, to: pages * PAGE_BYTES };
      const ret = fileWrite(run.machine.kernel, file!, 0, bytesOf(patternOf(step.value, run.vars), whole));
      if (ret) fail('write()', 0, ret);
    },
  },
  pread: {
    keys: ['expect'],
    run: (run, _actor, step) => {
      const { file, pages } = bufferOf(run);
      const data = fileRead(run.machine.kernel, file!, 0, pages * PAGE_BYTES);
      if (data?.length !== pages * PAGE_BYTES) fail('read()', pages * PAGE_BYTES, data?.length);
      checkInts('read()', data, { from: 0, to: data.length }, patternOf(expectation(step, 'value'), run.vars));
    },
  },
};

const GUP_MODES: readonly (readonly [RegExp, Omit<Parameters<typeof gup>[3], never>])[] = [
  [/^GUP_BASIC \(get, slow, FOLL_WRITE\)$/, { write: true, pin: false, longTerm: false, fast: false }],
  [/^GUP_FAST \(get, fast\)$/, { write: false, pin: false, longTerm: false, fast: true }],
  [/^PIN_FAST \+ FOLL_LONGTERM$/, { write: false, pin: true, longTerm: true, fast: true }],
  [/^PIN_LONGTERM$/, { write: false, pin: true, longTerm: true, fast: false }],
];

const mappings: Readonly<Record<string, Operation>> = {
  mmap: {
    keys: [],
    run: (run, actor) => {
      freshBuffer(run, actor);
    },
  },
  munmap: {
    keys: ['range'],
    run: (run, actor, step) => {
      const { start, end } = vpnsOf(run, step.range);
      const buffer = bufferOf(run);
      const ret = munmap(run.machine.kernel, actor.process.mm, start, end);
      if (ret) fail('munmap', 0, ret);
      buffer.gone.push({ from: (start - buffer.base) * PAGE_BYTES, to: (end - buffer.base) * PAGE_BYTES });
    },
  },
  mprotect: {
    keys: ['range', 'prot'],
    run: (run, actor, step) => {
      const { start, end } = vpnsOf(run, step.range);
      const ret = mprotect(run.machine.kernel, actor.process.mm, start, end, protOf(step.prot));
      if (ret) fail('mprotect', 0, ret);
    },
  },
  madvise: {
    keys: ['range', 'advice', 'expect'],
    run: (run, actor, step) => {
      const { start, end } = vpnsOf(run, step.range);
      const advice = { FREE: 'free', COLLAPSE: 'collapse' } as const;
      const chosen = advice[step.advice as keyof typeof advice] as (typeof advice)[keyof typeof advice] | undefined;
      if (!chosen) notUnderstood('an advice', step.advice);
      expectRet(step, madvise(run.machine.kernel, actor.process.mm, start, end, chosen));
    },
  },
  mremap: {
    keys: ['to', 'flags'],
    run: (run, actor, step) => {
      const to = /^map\+(.+)$/.exec(String(step.to));
      if (!to || step.flags !== 'MAYMOVE|FIXED[|DONTUNMAP]') notUnderstood('an mremap', step);
      const buffer = bufferOf(run);
      const map = Math.ceil(buffer.start / PMD_PAGES) * PMD_PAGES;
      const target = map + sizeOf(to[1]!, scopeOf(run)) / PAGE_BYTES;
      const flags = { mayMove: true, fixed: true, dontUnmap: run.vars.dont_unmap === 1 };
      const { ret, start } = mremap(run.machine.kernel, actor.process.mm, buffer.base, buffer.pages, target, flags);
      if (ret || start !== target) fail('mremap', target, ret ?? start);
      buffer.base = start;
    },
  },
  gup: {
    keys: ['page', 'mode', 'expect'],
    run: (run, actor, step) => {
      const mode = GUP_MODES.find(([pattern]) => pattern.test(String(step.mode)));
      if (!mode) notUnderstood('a mode of get_user_pages', step.mode);
      const { ret, page } = gup(run.machine.kernel, actor.process.mm, bufferOf(run).base + Number(step.page), mode[1]);
      expectRet(step, ret);
      if (page) ungup(run.machine.kernel, page, mode[1]);
    },
  },
};

function forkActor(run: Run, actor: Actor): Actor {
  const process = fork(run.machine.kernel, actor.process, 'child');
  return { process, mirror: actor.mirror.slice(), files: [...actor.files] };
}

/** A child ends: its memory first, then the files that only it had open. */
function endChild(run: Run, child: Actor, status: number, signal?: string): void {
  exit(run.machine.kernel, child.process, status, signal);
  for (const file of child.files) if (file.mm === child.process.mm) close(file);
}

const processes: Readonly<Record<string, Operation>> = {
  fork: {
    keys: [],
    run: (run, actor) => {
      run.child = forkActor(run, actor);
    },
  },
  exit: {
    keys: ['code'],
    run: (run, actor, step) => {
      endChild(run, actor, Number(step.code));
    },
  },
  'kill child': {
    keys: ['expect'],
    run: (run, _actor, step) => {
      if (step.expect !== 'terminated by SIGKILL' || !run.child) notUnderstood('a kill', step);
      endChild(run, run.child, 0, 'SIGKILL');
      if (run.child.process.signal !== 'SIGKILL') fail('the signal', 'SIGKILL', run.child.process.signal);
    },
  },
  wait: {
    keys: ['expect'],
    run: (run, _actor, step) => {
      const match = /^WIFEXITED(?:, status (\d+))?$/.exec(String(step.expect));
      if (!match || !run.child) notUnderstood('a wait', step);
      const { exited, signal, status } = run.child.process;
      if (!exited || signal !== null) fail('the child', 'exited', signal);
      if (match[1] !== undefined && status !== Number(match[1])) fail('the status', match[1], status);
    },
  },
  thread: {
    keys: ['do'],
    run: (run, actor, step) => {
      if (!/^sleep random \[0,\d+\) ns; munmap second half$/.test(String(step.do))) notUnderstood('a thread', step.do);
      run.pending = () => {
        const { base, pages } = bufferOf(run);
        const ret = munmap(run.machine.kernel, actor.process.mm, base + pages / 2, base + pages);
        if (ret) fail('munmap', 0, ret);
      };
    },
  },
  join: {
    keys: [],
    run: (run) => {
      run.pending?.();
      run.pending = null;
    },
  },
};

export const steps: Readonly<Record<string, Operation>> = { ...memory, ...mappings, ...processes, ...deviceSteps };
