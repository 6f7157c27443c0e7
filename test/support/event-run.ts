/** Runs a workload text on the engine itself, without a session, and keeps every event: for tests that look at sequences. */
import { Run } from '../../src-core/engine/run';
import type { PolicyChange, ScenarioSpec } from '../../src-core/model/scenario';
import type { MachineSpec } from '../../src-core/model/machine';
import { findPolicy } from '../../src-core/policies';
import { createMemory } from '../../src-core/session/create-memory';
import { Recorder } from '../../src-core/record/recorder';
import { findMachine, resolveScenario } from '../../src-core/session/scenario';
import { compileWorkload, loadWorkload } from '../../src-core/workload';
import { rowsOf, type EventRow } from '../property/drive';
import { lastMoment } from './events';

export interface EventRun {
  readonly run: Run;
  readonly events: readonly EventRow[];
  readonly scenario: ScenarioSpec;
}

/**
 * @param params parameters of the memory system that differ from the file
 * @param machine instead of the file's
 * @param changes during the run, beside those of the file
 */
export async function runEvents(
  text: string,
  params: Readonly<Record<string, number | string | boolean>> = {},
  machine: MachineSpec | null = null,
  changes: readonly PolicyChange[] = [],
): Promise<EventRun> {
  const workload = loadWorkload(text, 'test.yaml');
  const spec = machine ?? findMachine(workload.machine ?? 'r0');
  const { system } = workload;
  const wish = system ? { system: { ...system, params: { ...system.params, ...params } } } : {};
  const scenario = resolveScenario(workload, { ...wish, changes }, spec);
  const source = compileWorkload(workload, { seed: scenario.seed });
  const events: EventRow[] = [];
  const recorder = new Recorder(null, { chunk: (chunk) => void events.push(...rowsOf(chunk)) }, null);
  const run = new Run(
    {
      ...{ source, machine: spec, scenario, recorder },
      findPolicy: (choice) => findPolicy(choice.kind, choice.id),
      createMemory,
    },
    null,
  );
  while (!run.finished) await run.advance(100_000);
  recorder.end(lastMoment(run), () => '{}');
  return { run, events, scenario };
}
