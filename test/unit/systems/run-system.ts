/** Runs a workload text on one memory system, in this thread, with the real engine. */
import type { SystemReport } from '../../../src-core/model/memory-system';
import { METRICS } from '../../../src-core/model/events';
import type { ScenarioSpec } from '../../../src-core/model/scenario';
import type { MachineSpec } from '../../../src-core/model/machine';
import { LinuxMemory } from '../../../src-core/kit/linux/linux-memory';
import { memorySystems } from '../../../src-core/systems';
import { r0 } from '../../../src-core/presets/machines/r0';
import { compileWorkload, loadWorkload } from '../../../src-core/workload';
import { drive, type EngineRun, makeScenario } from '../../property/drive';

export interface SystemRun {
  readonly run: EngineRun;
  readonly memory: LinuxMemory;
  readonly summary: SystemReport;
  readonly totals: Readonly<Record<string, number>>;
  readonly mismatches: number;
  readonly reads: number;
}

export async function runSystem(
  text: string,
  id: string,
  params: Readonly<Record<string, number | string | boolean>> = {},
  changes: Partial<ScenarioSpec> = {},
  machine: MachineSpec = r0,
): Promise<SystemRun> {
  const workload = loadWorkload(text, 'test.yaml');
  const parsed = memorySystems.find((system) => system.id === id)!.parse(params);
  if (!parsed.ok) throw new Error(parsed.error);
  const scenario = makeScenario({
    ...(workload.deviceMemoryBytes === undefined ? {} : { deviceMemoryBytes: workload.deviceMemoryBytes }),
    ...(workload.granularity === undefined ? {} : { granularity: workload.granularity }),
    system: { id, params: parsed.value },
    machine: machine.id,
    ...changes,
  });
  const run = await drive(compileWorkload(workload), scenario, { machine, keepEvents: true });
  const { memory } = run.run;
  if (!(memory instanceof LinuxMemory)) throw new Error('not a run on the Linux model');
  const totals: Record<string, number> = {};
  for (const metric of METRICS)
    totals[metric] = run.objects.reduce((sum, _, object) => sum + run.metric(metric, object), 0);
  return {
    run,
    memory,
    summary: memory.systemReport(),
    totals,
    mismatches: memory.contents?.mismatches ?? 0,
    reads: memory.contents?.reads ?? 0,
  };
}
