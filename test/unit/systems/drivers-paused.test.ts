/** Where a run pauses must not show: stopped queues are started at the same points, and the recording is the same. */
import { expect, it } from 'vitest';
import { memorySystems } from '../../../src-core/systems';
import { pcie4x16g } from '../../../src-core/presets/machines/pcie4-16g';
import { compileWorkload, loadWorkload } from '../../../src-core/workload';
import { drive, makeScenario } from '../../property/drive';

const WORKLOAD = `
faultline: 1
name: paused
deviceMemory: 64MiB
objects:
  a: { size: 4MiB, element: 64B }
  b: { size: 4MiB, element: 64B }
phases:
  - name: work
    repeat: 3
    steps:
      - os: { migrate: a, to: gpu0 }
      - concurrently:
          quantum: 4096
          steps:
            - { on: cpu, name: host, do: [{ readwrite: a, part: [0, 0.5] }, { write: b }] }
            - { on: gpu0, name: kernel, do: [{ readwrite: a }, { read: b }] }
`;

it.each<[string, Readonly<Record<string, number | string | boolean>>]>([
  ['amd-svm', {}],
  ['amd-svm', { xnack: false, register: true }],
  ['xe-svm', {}],
  ['gh-ats', { scanPeriodMs: 1 }],
  ['mi300a', { scanPeriodMs: 1 }],
])('%s %j', async (id, params) => {
  const parsed = memorySystems.find((system) => system.id === id)!.parse(params);
  if (!parsed.ok) throw new Error(parsed.error);
  const workload = loadWorkload(WORKLOAD, 'paused.yaml');
  const hashOf = async (slice?: number): Promise<string> => {
    const scenario = makeScenario({
      deviceMemoryBytes: workload.deviceMemoryBytes!,
      machine: pcie4x16g.id,
      system: { id, params: parsed.value },
    });
    const options = { machine: pcie4x16g, ...(slice === undefined ? {} : { slice }) };
    return (await drive(compileWorkload(workload), scenario, options)).hash;
  };
  const whole = await hashOf();
  expect(await hashOf(7)).toBe(whole);
  expect(await hashOf(1000)).toBe(whole);
});
