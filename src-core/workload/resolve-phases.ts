/** Phases and steps as written → plans with processors, iterations and loops; checks the bounds of the whole run. */
import { formatBytes, formatCount } from '../base/units';
import { processorIndex } from '../model/processor';
import { phaseCost, stepRuns, stepsOf } from './cost';
import { MAX_ACCESSES, MAX_TABLE_BYTES, MAX_UNITS } from './limits';
import type { Path } from './problems';
import { findObject, type Scope } from './resolve-access';
import { resolveLoop } from './resolve-loops';
import type { BranchData, PhaseData, StepData } from './schema';
import { tableBytes } from './tables';
import type { LoopPlan, PartPlan, PhasePlan, StepPlan } from './workload';

/** Phases in file order; what is wrong is in scope.problems, and the result is then incomplete. */
export function resolvePhases(data: readonly PhaseData[], scope: Scope): readonly PhasePlan[] {
  const seen = new Set<string>();
  const phases = data.map((phase, index): PhasePlan => {
    const path = ['phases', index];
    const wrongName = (kind: string, message: string): void => {
      scope.problems.push({ kind, message, path: [...path, 'name'] });
    };
    if (/[[\]:,=]/.test(phase.name))
      wrongName('bad-name', `"${phase.name}" holds one of [ ] : , = which changes need to name a phase`);
    if (seen.has(phase.name))
      wrongName('duplicate-name', `there is already a phase "${phase.name}"; names of phases are unique`);
    seen.add(phase.name);
    return { name: phase.name, repeat: phase.repeat, parts: resolveParts(phase, path, scope) };
  });
  if (scope.problems.length === 0) checkBounds(phases, scope);
  return phases;
}

function resolveParts(phase: PhaseData, path: Path, scope: Scope): PartPlan[] {
  const names = new Map<string, number>();
  const parts: PartPlan[] = [];
  for (const [index, data] of phase.steps.entries()) {
    const here = [...path, 'steps', index];
    const part = resolvePart(data, here, { phase, names, number: `${index + 1}` }, scope);
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
}

function resolvePart(data: StepData, path: Path, inPhase: InPhase, scope: Scope): PartPlan | null {
  const alone = data.swap ? 'swap' : data.concurrently ? 'concurrently' : undefined;
  if (alone === undefined) return resolveStep(data, path, inPhase, scope);
  for (const key of Object.keys(data) as (keyof StepData)[])
    if (key !== alone && data[key] !== undefined) {
      const message = `"${key}" does not go with "${alone}", which is a step of its own; make two steps`;
      scope.problems.push({ kind: 'wrong-key', message, path: [...path, key], atKey: true });
      return null;
    }
  if (data.swap) return resolveSwap(data.swap, [...path, 'swap'], scope);
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

function resolveStep(data: BranchData, path: Path, { phase, names, number }: InPhase, scope: Scope): StepPlan | null {
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
    const plan = resolveLoop(loop, [...path, 'do', index], scope, `${streams}/${index + 1}`);
    if (plan) loops.push(plan);
  }
  const every = data.iterations?.every ?? 1;
  const step: StepPlan = {
    kind: 'step',
    name,
    processor: processor ?? 0,
    from: data.iterations?.from ?? every,
    to: Math.min(data.iterations?.to ?? phase.repeat, phase.repeat),
    every,
    repeat: data.repeat ?? 1,
    loops,
  };
  if (stepRuns(step) === 0)
    problem(
      'wrong-value',
      `the step never runs: the phase has ${formatCount(phase.repeat)} iterations, the step begins at ${formatCount(step.from)} and ends at ${formatCount(step.to)}`,
      ['iterations'],
    );
  return step;
}

/** Refuses runs that would take days or overflow a counter; the number is known without running anything. */
function checkBounds(phases: readonly PhasePlan[], scope: Scope): void {
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
  const bytes = tableBytes(phases);
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
