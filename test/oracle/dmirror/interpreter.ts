/**
 * Runs one test of hmm-selftests.json on the model: the fixture, then the steps as they stand, with `for` and `repeat` over
 * all that follows them. It knows operations and phrases, no test by name; what it does not know throws.
 */
import type { Profile } from '../../../src-core/kernel/kernel';
import { exit } from '../../../src-core/kernel/fork';
import { checkBooks } from '../../unit/kernel/books';
import { Benchmark } from './benchmark';
import { close } from './commands';
import { makeMachine, type Actor, type Machine } from './machine';
import { unmapBuffer } from './mapping';
import { notUnderstood, type Vars } from './phrases';
import {
  freshBuffer,
  SCHEDULES,
  type Options,
  type Run,
  type Schedule,
  type SelfTest,
  type Step,
  type Tables,
} from './run';
import { steps as operations } from './steps';

/** Results: lines that the test prints (a table), empty for most. */
export function runTest(test: SelfTest, tables: Tables, options: Options): readonly string[] {
  const hasThread = test.steps.some((step) => step.op === 'thread');
  const lines: string[] = [];
  for (const schedule of hasThread ? SCHEDULES : (['after'] as const))
    lines.push(...runOnce(test, tables, options, schedule));
  return lines;
}

function runOnce(test: SelfTest, tables: Tables, options: Options, schedule: Schedule): readonly string[] {
  const minors = tables.fixtures[test.fixture]?.[options.variant] ?? notUnderstood('a fixture', test.fixture);
  const machine = makeMachine(options.profile, options.thp);
  const process = machine.kernel.spawn('hmm-tests');
  const parent: Actor = { process, mirror: new Uint8Array(0), files: [] };
  parent.files = minors.map((minor) => machine.devices[minor]!.open(process.mm));
  const run: Run = {
    machine,
    options,
    tables,
    spec: test.mapping,
    minors,
    parent,
    child: null,
    vars: {},
    buffer: null,
    buffers: [],
    schedule,
    pending: null,
    benchmark: new Benchmark(),
  };
  runBlock(run, test, test.steps, {});
  for (const file of parent.files) close(file);
  exit(machine.kernel, process, 0);
  checkNothingLeft(machine);
  return run.benchmark.table();
}

/** `for` and `repeat` cover everything after them; each turn has a buffer of its own. */
function runBlock(run: Run, test: SelfTest, steps: readonly Step[], vars: Vars): void {
  const [first, ...rest] = steps;
  if (first?.op === 'for') {
    for (const choice of choices(first, test.changed_since_6_12, run.options.profile))
      runBlock(run, test, rest, { ...vars, ...choice });
    return;
  }
  if (first?.op === 'repeat' && first.fresh_mapping === true) {
    if (typeof first.times !== 'number') notUnderstood('a count of repeats', first.times);
    for (let n = 0; n < first.times; n++)
      runBlock(run, test, rest, typeof first.var === 'string' ? { ...vars, [first.var]: n } : vars);
    return;
  }
  run.vars = vars;
  freshBuffer(run, run.parent);
  for (const [at, step] of steps.entries()) {
    try {
      runStep(run, step);
      checkMirrors(run.machine);
    } catch (error) {
      throw new Error(
        `step ${at} ${JSON.stringify(step)} with ${JSON.stringify(vars)}, ${run.schedule}: ${String(error)}`,
        {
          cause: error,
        },
      );
    }
  }
  endIteration(run);
}

function endIteration(run: Run): void {
  run.pending?.();
  run.pending = null;
  for (const buffer of run.buffers.splice(0)) unmapBuffer(run.machine, run.parent, buffer);
  run.buffer = null;
  run.child = null;
  const wrong = checkBooks(run.machine.kernel);
  if (wrong.length > 0) throw new Error(`the books are wrong: ${wrong.slice(0, 4).join('; ')}`);
}

/** All combinations of a `for`, in the order of its variables. */
function choices(step: Step, changed: string | undefined, profile: Profile): readonly Vars[] {
  const vars = step.vars as Readonly<Record<string, readonly (string | number)[]>>;
  let list: Vars[] = [{}];
  for (const [name, values] of Object.entries(vars))
    list = list.flatMap((each) => values.map((value) => ({ ...each, [name]: value })));
  if (changed === undefined || profile === 'cur') return list;
  const only = /^6\.12 has only the ((?:\w+=\d+)(?:\/\w+=\d+)*) case$/.exec(changed);
  if (!only) return notUnderstood('what 6.12 does differently', changed);
  const fixed = only[1]!.split('/').map((pair) => pair.split('='));
  return list.filter((each) => fixed.every(([name, value]) => String(each[name!]) === value));
}

function runStep(run: Run, step: Step): void {
  if (step.variant !== undefined && step.variant !== run.options.variant) return;
  if (step.cond !== undefined && !holds(run.vars, step.cond)) return;
  if (step.op === 'if') {
    runStep(run, step.do as Step);
    return;
  }
  const match = /^(?:(child|parent)\.)?(.+)$/.exec(step.op)!;
  const operation = operations[match[2]!] ?? notUnderstood('an operation', step.op);
  const actor = match[1] === 'child' ? run.child : run.parent;
  if (!actor) throw new Error('there is no child');
  for (const key of Object.keys(step))
    if (!['op', 'note', 'variant', 'cond', ...operation.keys].includes(key)) notUnderstood(`a key of ${step.op}`, key);
  operation.run(run, actor, step);
}

function holds(vars: Vars, condition: unknown): boolean {
  const match = /^(!?)(\w+)$/.exec(String(condition));
  const value = match ? vars[match[2]!] : undefined;
  if (!match || value === undefined) return notUnderstood('a condition', condition);
  return (value === 1) === (match[1] === '');
}

/** After each step: no device grants more than the CPU's page table does (M20). */
function checkMirrors({ devices }: Machine): void {
  const wrong = devices.flatMap((device) => [...device.files].flatMap((file) => file.wrongEntries()));
  if (wrong.length > 0) throw new Error(wrong.slice(0, 4).join('; '));
}

/** After the last process nothing is left: no frame of the host or a device, no charge. */
function checkNothingLeft({ kernel, devices }: Machine): void {
  const left = devices.map((device) => device.memory.usedPages);
  if (left.some((pages) => pages > 0)) throw new Error(`device pages leak: ${left.join(', ')}`);
  const wrong = checkBooks(kernel);
  if (wrong.length > 0) throw new Error(`the books are wrong at the end: ${wrong.slice(0, 4).join('; ')}`);
}
