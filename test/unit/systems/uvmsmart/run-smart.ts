/** Runs a workload text on UVMSmart with the real engine, in this thread. */
import type { SystemFigure } from '../../../../src-core/model/memory-system';
import type { MachineSpec } from '../../../../src-core/model/machine';
import type { ScenarioSpec } from '../../../../src-core/model/scenario';
import { METRICS } from '../../../../src-core/model/events';
import { uvmsmart } from '../../../../src-core/systems/uvmsmart';
import { paperUvmsmart } from '../../../../src-core/presets/machines/paper-uvmsmart';
import { compileWorkload, loadWorkload } from '../../../../src-core/workload';
import { drive, type DriveOptions, type EngineRun, makeScenario } from '../../../property/drive';

export interface SmartRun {
  readonly run: EngineRun;
  readonly totals: Readonly<Record<string, number>>;
  /** By id; ps, counts. */
  readonly figures: Readonly<Record<string, number | null>>;
}

export interface SmartOptions extends DriveOptions {
  readonly params?: Readonly<Record<string, number | string | boolean>>;
  readonly deviceMemoryBytes?: number;
  readonly scenario?: Partial<ScenarioSpec>;
  readonly machine?: MachineSpec;
}

export async function runSmart(text: string, options: SmartOptions = {}): Promise<SmartRun> {
  const { params = {}, deviceMemoryBytes = 2 ** 30, scenario = {}, machine = paperUvmsmart, ...rest } = options;
  const parsed = uvmsmart.parse(params);
  if (!parsed.ok) throw new Error(parsed.error);
  const spec = makeScenario({
    ...{ deviceMemoryBytes, granularity: 4096, machine: machine.id },
    system: { id: 'uvmsmart', params: parsed.value },
    ...scenario,
  });
  const run = await drive(compileWorkload(loadWorkload(text, 'test.yaml')), spec, { machine, ...rest });
  const summary = run.run.memory.systemReport();
  const totals = Object.fromEntries(
    METRICS.map((metric) => [metric, run.objects.reduce((sum, _, object) => sum + run.metric(metric, object), 0)]),
  );
  const figures = Object.fromEntries((summary?.figures ?? []).map(({ id, value }: SystemFigure) => [id, value]));
  return { run, totals, figures };
}

/** One kernel per line of loops, on objects given as YAML flow text. */
export const kernels = (objects: string, ...loops: readonly string[]): string =>
  `faultline: 1\nname: t\nobjects: { ${objects} }\nphases: [ { name: p, steps: [ ${loops
    .map((each) => `{ on: gpu0, do: [ ${each} ] }`)
    .join(', ')} ] } ]\n`;
