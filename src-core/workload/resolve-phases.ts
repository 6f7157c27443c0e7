/** Phases and steps as written → plans with processors, iterations and loops; checks the bounds of the whole run. */
import { formatBytes, formatCount } from '../base/units';
import { CPU, processorIndex } from '../model/processor';
import { MAIN_PROCESS } from '../model/os-action';
import { phaseCost, stepRuns, stepsOf } from './cost';
import type { Iterations } from './iterations';
import { MAX_ACCESSES, MAX_TABLE_BYTES, MAX_UNITS } from './limits';
import type { Path } from './problems';
import { checkProcesses, type LifeEvent, type PhaseLife } from './processes';
import { findObject, type Scope } from './resolve-access';
import { resolveLoop } from './resolve-loops';
import { resolveOs } from './resolve-os';
import type { BranchData, PhaseData, StepData } from './schema';
import type { OsData } from './schema-os';
import { tableBytes } from './tables';
import type { Views } from './views';
import type { LoopPlan, PartPlan, PhasePlan, StepPlan } from './workload';

/** What phases can name: the objects of the file. */
export type FileScope = Omit<Scope, 'process'>;

/** Phases in file order; what is wrong is in scope.problems, and the result is then incomplete. */
export function resolvePhases(data: readonly PhaseData[], scope: FileScope): readonly PhasePlan[] {
  const seen = new Set<string>();
  const devices = devicesOf(data);
  const lives: PhaseLife[] = [];
  const plans = data.map((phase, index): PhasePlan => {
    const path = ['phases', index];
    const wrongName = (kind: string, message: string): void => {
      scope.problems.push({ kind, message, path: [...path, 'name'] });
    };
    if (/[[\]:,=]/.test(phase.name))
      wrongName(
        'bad-name',
        `"${phase.name}" contains one of [ ] : , = which are reserved for naming a phase in changes`,
      );
    if (seen.has(phase.name))
      wrongName('duplicate-name', `there is already a phase "${phase.name}"; names of phases are unique`);
    seen.add(phase.name);
    const life: PhaseLife = { repeat: phase.repeat, events: [] };
    lives.push(life);
    const parts = resolveParts(phase, path, { ...scope, process: MAIN_PROCESS }, devices, life.events);
    return { name: phase.name, repeat: phase.repeat, parts };
  });
  checkProcesses(lives, swappedNames(data), scope.problems);
  const phases = swapViews(plans, scope.views);
  if (scope.problems.length === 0) checkBounds(phases, scope);
  return phases;
}

const swappedNames = (data: readonly PhaseData[]): ReadonlySet<string> =>
  new Set(data.flatMap(({ steps }) => steps.flatMap(({ swap }) => swap ?? [])));

/** Devices that the steps run on, before they are resolved: calls may name these. */
function devicesOf(data: readonly PhaseData[]): number {
  const names = data.flatMap(({ steps }) =>
    steps.flatMap((step) => [step.on, ...(step.concurrently?.steps ?? []).map((branch) => branch.on)]),
  );
  return names.reduce((most, name) => Math.max(most, processorIndex(name ?? '') ?? 0), 1);
}

/** A swap holds for every process: where a process sees one of the two objects, its views are exchanged as well. */
function swapViews(phases: readonly PhasePlan[], views: Views): readonly PhasePlan[] {
  const swaps = phases.flatMap(({ parts }) => parts.filter((part) => part.kind === 'swap'));
  for (let before = -1; before !== views.count;) {
    before = views.count;
    for (const { first, second } of swaps)
      for (const process of views.processesOf([first, second])) {
        views.index(process, first);
        views.index(process, second);
      }
  }
  const forAll = (part: PartPlan): readonly PartPlan[] => {
    if (part.kind !== 'swap') return [part];
    const { first, second } = part;
    return [MAIN_PROCESS, ...views.processesOf([first, second])].map((process) => ({
      kind: 'swap',
      first: views.index(process, first),
      second: views.index(process, second),
    }));
  };
  return phases.map((phase) => ({ ...phase, parts: phase.parts.flatMap(forAll) }));
}

function resolveParts(phase: PhaseData, path: Path, scope: Scope, devices: number, life: LifeEvent[]): PartPlan[] {
  const names = new Map<string, number>();
  const parts: PartPlan[] = [];
  for (const [index, data] of phase.steps.entries()) {
    const here = [...path, 'steps', index];
    const part = resolvePart(data, here, { phase, names, number: `${index + 1}`, devices, life }, scope);
    if (part) parts.push(part);
  }
  return parts;
}

interface InPhase {
  readonly phase: PhaseData;
  /** How often each step name was used, so that loops of equally named steps draw different numbers. */
  readonly names: Map<string, number>;
  /** Position in the phase, for the default name. */
  readonly number: string;
  /** Devices that steps of the file run on. */
  readonly devices: number;
  readonly life: LifeEvent[];
}

function resolvePart(data: StepData, path: Path, inPhase: InPhase, scope: Scope): PartPlan | null {
  const alone = data.swap ? 'swap' : data.concurrently ? 'concurrently' : data.os ? 'os' : undefined;
  if (alone === undefined) {
    const { on, name, iterations, repeat, process, do: loops } = data;
    return resolveStep({ on, name, iterations, repeat, process, do: loops }, path, inPhase, scope);
  }
  for (const key of Object.keys(data) as (keyof StepData)[])
    if (key !== alone && data[key] !== undefined && !(alone === 'os' && (key === 'process' || key === 'iterations'))) {
      const message = `"${key}" is not allowed with "${alone}", which is a step of its own; make two steps`;
      scope.problems.push({ kind: 'wrong-key', message, path: [...path, key], atKey: true });
      return null;
    }
  if (data.swap) return resolveSwap(data.swap, [...path, 'swap'], scope);
  if (data.os) return resolveCall(data, data.os, path, inPhase, scope);
  const block = data.concurrently;
  if (!block) return null;
  const steps = block.steps.map((branch, index) =>
    resolveStep(
      branch,
      [...path, 'concurrently', 'steps', index],
      { ...inPhase, number: `${inPhase.number}.${index + 1}` },
      scope,
    ),
  );
  return { kind: 'concurrently', quantum: block.quantum, steps: steps.filter((step) => step !== null) };
}

function resolveSwap(names: readonly [string, string], path: Path, scope: Scope): PartPlan | null {
  const first = findObject(scope, names[0], [...path, 0]);
  const second = findObject(scope, names[1], [...path, 1]);
  if (!first || !second) return null;
  const [a, b] = [first.spec, second.spec];
  const same = a.bytes === b.bytes && a.elementBytes === b.elementBytes && a.rows === b.rows && a.planes === b.planes;
  if (!same || first.index === second.index) {
    scope.problems.push({
      kind: 'wrong-value',
      message: same
        ? `"${a.name}" cannot be swapped with itself; expected two objects`
        : `"${a.name}" and "${b.name}" differ in size, element or shape; only equal objects can exchange their storage`,
      path,
    });
    return null;
  }
  return { kind: 'swap', first: first.index, second: second.index };
}

/** A call to the operating system, and what it does to processes. */
function resolveCall(data: StepData, os: OsData, path: Path, inPhase: InPhase, scope: Scope): PartPlan | null {
  const process = data.process ?? MAIN_PROCESS;
  const iterations = iterationsOf(data.iterations, inPhase.phase, path, 'call', scope);
  const here = [...path, 'os'];
  const { fork, pin, unpin } = os;
  const at = (key: string) => ({ process, ...iterations, path: [...here, key] });
  if (fork !== undefined) inPhase.life.push({ ...at('fork'), kind: 'fork', child: fork });
  else if (os.exit) inPhase.life.push({ ...at('exit'), kind: 'exit' });
  else if (pin !== undefined) inPhase.life.push({ ...at('pin'), kind: 'pin', object: pin });
  else if (unpin !== undefined) inPhase.life.push({ ...at('unpin'), kind: 'unpin', object: unpin });
  else inPhase.life.push(usesOf(data, process, iterations, path));
  const action = resolveOs(os, here, { ...scope, process }, inPhase.devices);
  return action && { kind: 'os', process, action, ...iterations };
}

const usesOf = (data: BranchData | StepData, process: string, iterations: Iterations, path: Path): LifeEvent => ({
  kind: 'uses',
  process,
  ...iterations,
  path: data.process === undefined ? path : [...path, 'process'],
});

function iterationsOf(
  data: BranchData['iterations'],
  { repeat }: PhaseData,
  path: Path,
  what: 'step' | 'call',
  scope: Scope,
): Iterations {
  const every = data?.every ?? 1;
  const found = { from: data?.from ?? every, to: Math.min(data?.to ?? repeat, repeat), every };
  if (stepRuns(found) === 0)
    scope.problems.push({
      kind: 'wrong-value',
      message: `the ${what} never runs: the phase has ${formatCount(repeat)} iterations, the ${what} begins at ${formatCount(found.from)} and ends at ${formatCount(found.to)}`,
      path: [...path, 'iterations'],
    });
  return found;
}

function resolveStep(data: BranchData, path: Path, inPhase: InPhase, scope: Scope): StepPlan | null {
  const { phase, names, number } = inPhase;
  const process = data.process ?? MAIN_PROCESS;
  const problem = (kind: string, message: string, below: Path, atKey = false): void => {
    scope.problems.push({ kind, message, path: [...path, ...below], atKey });
  };
  if (data.on === undefined) problem('missing-key', '"on" is missing; expected cpu, gpu or gpu0 … gpu5', []);
  const processor = processorIndex(data.on ?? 'cpu');
  if (processor === undefined)
    problem('wrong-value', `is "${data.on ?? ''}"; expected cpu, gpu or gpu0 … gpu5`, ['on']);
  if (data.do === undefined)
    problem('missing-key', '"do" is missing; expected a list of loops such as [ { read: u } ]', []);

  const name = data.name ?? `${phase.name}.${number}`;
  const used = (names.get(name) ?? 0) + 1;
  names.set(name, used);
  const streams = `${phase.name}/${name}${used > 1 ? `#${used}` : ''}`;
  const loops: LoopPlan[] = [];
  for (const [index, loop] of (data.do ?? []).entries()) {
    const plan = resolveLoop(loop, [...path, 'do', index], { ...scope, process }, `${streams}/${index + 1}`);
    if (plan) loops.push(plan);
  }
  const iterations = iterationsOf(data.iterations, phase, path, 'step', scope);
  inPhase.life.push(usesOf(data, process, iterations, path));
  return { kind: 'step', name, processor: processor ?? CPU, ...iterations, repeat: data.repeat ?? 1, process, loops };
}

/** Refuses runs that would take days or overflow a counter; the number is known without running anything. */
function checkBounds(phases: readonly PhasePlan[], scope: FileScope): void {
  let accesses = 0;
  let units = 0;
  for (const [index, phase] of phases.entries()) {
    const cost = phaseCost(phase);
    accesses += cost.accesses;
    units += cost.units;
    const limit = (what: string, count: number, most: string): void => {
      scope.problems.push({
        kind: 'limit',
        message: `the run makes ${formatCount(count)} ${what} up to here; at most ${most}. Lower "repeat", "count" or the sizes; the counts of a steady state are the same for fewer iterations`,
        path: ['phases', index, 'repeat'],
      });
    };
    if (accesses > MAX_ACCESSES) limit('element accesses', accesses, `2^53 (${formatCount(MAX_ACCESSES)})`);
    else if (units > MAX_UNITS) limit('runs of accesses and single accesses', units, formatCount(MAX_UNITS));
    else continue;
    return;
  }
  const bytes = tableBytes(phases, (object) => scope.views.originOf(object));
  if (bytes > MAX_TABLE_BYTES)
    scope.problems.push({
      kind: 'limit',
      message: `the permutations and Zipf tables of all loops take ${formatBytes(bytes)}; at most ${formatBytes(MAX_TABLE_BYTES)}. Use fewer or smaller objects with chase and zipf`,
      path: ['phases'],
      atKey: true,
    });
}

/** Highest gpu number that a step names, plus one; at least one device. */
export const deviceCount = (phases: readonly PhasePlan[]): number =>
  phases.flatMap(stepsOf).reduce((most, step) => Math.max(most, step.processor), 1);
