/** The operations of hmm-selftests.json that go to the driver, and looks at what it left. */
import { PAGE_BYTES } from '../../../src-core/kernel/page';
import { pagemap } from '../../../src-core/kernel/procfs';
import {
  access,
  checkExclusive,
  close,
  deviceFault,
  exclusive,
  FAULT_BATCH,
  release,
  snapshot,
  toDevice,
  toSystem,
  type Interleave,
  type Outcome,
} from './commands';
import type { DmirrorFile } from './device';
import { checkEither, checkMirror, checkOutcome, fail, type Context } from './expect';
import type { Actor } from './machine';
import { bytesOf, notUnderstood, patternOf } from './phrases';
import { bufferOf, vpnsOf, type Operation, type Run, type Step } from './run';

function contextOf(run: Run, actor: Actor): Context {
  return { vars: run.vars, variant: run.options.variant, bits: run.tables.bits, mirror: actor.mirror };
}

/** The open file of a step: by fixture index, the first one where none is named; a child's own open comes first. */
function fileOf(actor: Actor, step: Step): DmirrorFile {
  const index = step.dev ?? 0;
  const file = typeof index === 'number' ? actor.files[index] : undefined;
  return file ?? notUnderstood('a device', step.dev);
}

/** A command over a range, its result against what is expected. */
const command = (
  keys: readonly string[],
  issue: (file: DmirrorFile, start: number, end: number, mirror: Uint8Array, run: Run, step: Step) => Outcome,
): Operation => ({
  keys: ['dev', 'range', 'expect', ...keys],
  run: (run, actor, step) => {
    const { start, end } = vpnsOf(run, step.range);
    const outcome = issue(fileOf(actor, step), start, end, actor.mirror, run, step);
    expectOutcome(run, actor, step, outcome, end - start);
  },
});

function expectOutcome(run: Run, actor: Actor, step: Step, outcome: Outcome, pages: number): void {
  const context = contextOf(run, actor);
  const expected = step.expect as Readonly<Record<string, unknown>> | undefined;
  if (!expected) notUnderstood('an expectation', expected);
  if ('either' in expected) checkEither(context, expected.either, outcome, pages);
  else checkOutcome(context, expected, outcome, pages);
}

/** A device read that something else runs beside: the schedule says when that something happens. */
function concurrentRead(run: Run, file: DmirrorFile, start: number, end: number, mirror: Uint8Array): Outcome {
  const act = (): void => {
    run.pending?.();
    run.pending = null;
  };
  if (run.schedule === 'before') act();
  // Each repeat lets it in at another round of the read; the last ones are in the half that goes.
  const rounds = Math.ceil((end - start) / FAULT_BATCH);
  const chosen = Math.max(0, rounds - 1 - Number(run.vars.c ?? 0));
  const between: Interleave | undefined =
    run.schedule === 'between'
      ? (round) => {
          if (round === chosen) act();
        }
      : undefined;
  const outcome = access(file, start, end, false, mirror, (from) => deviceFault(file, from, end, false, between));
  // The race is decided by the schedule: gone before the read it is an error, after it the read saw all.
  if (run.schedule !== 'between' && (outcome.ret === null) !== (run.schedule === 'after'))
    fail(`a read with the unmap ${run.schedule}`, run.schedule === 'after' ? 0 : 'an error', outcome.ret);
  return outcome;
}

export const deviceSteps: Readonly<Record<string, Operation>> = {
  open: {
    keys: ['dev'],
    run: (run, actor, step) => {
      const minor = /^minor (\d+)(?: always \(.*\))?$/.exec(String(step.dev));
      const number = minor ? Number(minor[1]) : run.minors[Number(step.dev)];
      const device = number === undefined ? undefined : run.machine.devices[number];
      if (!device) notUnderstood('a device', step.dev);
      actor.files.unshift(device.open(actor.process.mm));
    },
  },
  close: {
    keys: ['expect'],
    run: (run, actor, step) => {
      const file = actor.files.shift();
      if (!file) throw new Error('no device is open');
      expectOutcome(run, actor, step, close(file), 0);
    },
  },
  dev_read: command(['concurrent'], (file, start, end, mirror, run, step) =>
    step.concurrent === true
      ? concurrentRead(run, file, start, end, mirror)
      : access(file, start, end, false, mirror, (from) => deviceFault(file, from, end, false)),
  ),
  dev_write: command([], (file, start, end, mirror) =>
    access(file, start, end, true, mirror, (from) => deviceFault(file, from, end, true)),
  ),
  migrate_to_dev: command([], toDevice),
  migrate_to_sys: command([], toSystem),
  snapshot: command([], snapshot),
  exclusive: command([], exclusive),
  check_exclusive: command([], checkExclusive),
  release: {
    keys: ['dev', 'expect'],
    run: (run, actor, step) => {
      expectOutcome(run, actor, step, release(fileOf(actor, step).device), 0);
    },
  },
  flags: {
    keys: ['value', 'expect'],
    run: (run, actor, step) => {
      if (step.value !== 'FAIL_ALLOC') notUnderstood('a flag', step.value);
      fileOf(actor, step).failAlloc = true;
      expectOutcome(run, actor, step, { ret: null, cpages: 0, faults: 0 }, 0);
    },
  },
  fill_mirror: {
    keys: ['value'],
    run: (run, actor, step) => {
      const whole = { from: 0, to: bufferOf(run).pages * PAGE_BYTES };
      actor.mirror = bytesOf(patternOf(step.value, run.vars), whole);
    },
  },
  check_mirror: {
    keys: ['expect'],
    run: (run, actor, step) => {
      checkMirror(contextOf(run, actor), step.expect, actor.mirror.length);
    },
  },
  pagemap: {
    keys: ['range', 'expect'],
    run: (run, actor, step) => {
      if (step.expect !== 'every entry: swap bit set, present bit clear') notUnderstood('a pagemap', step.expect);
      const { start, end } = vpnsOf(run, step.range);
      for (let vpn = start; vpn < end; vpn++) {
        const { swap, present } = pagemap(actor.process.mm, vpn);
        if (!swap || present) fail(`pagemap of page ${vpn}`, step.expect, { swap, present });
      }
    },
  },
  repeat: {
    keys: ['times', 'do'],
    run: (run, actor, step) => {
      const times = /^(\d+) warm-up \+ (\d+) timed$/.exec(String(step.times));
      if (!times || !Array.isArray(step.do)) notUnderstood('a repeat', step);
      const inner = (step.do as readonly unknown[]).map(innerStep);
      run.benchmark.measure(fileOf(actor, step).device, Number(times[1]), Number(times[2]), () => {
        for (const each of inner) deviceSteps[each.op]!.run(run, actor, each);
      });
    },
  },
  report: {
    keys: ['what'],
    run: (run, _actor, step) => {
      if (step.what !== 'mean ms and GiB/s per direction, THP vs base pages, % improvement')
        notUnderstood('a report', step.what);
      run.benchmark.report(run.vars);
    },
  },
};

/** `migrate_to_dev ret 0`: a command over the whole buffer of which only the result counts. */
function innerStep(phrase: unknown): Step {
  const match = /^(migrate_to_dev|migrate_to_sys) ret (\S+)$/.exec(String(phrase));
  if (!match) return notUnderstood('a step of a repeat', phrase);
  return { op: match[1]!, range: 'all', expect: { ret: match[2] === '0' ? 0 : match[2] } };
}
