/** Bounds against random inputs: no run gets below what is called a bound, and the best runs reach it. */
import { tmpdir } from 'node:os';
import { describe, expect, it } from 'vitest';
import { randomStream } from '../../src-core/base/random';
import type { BoundRow } from '../../src-core/model/bounds';
import { FORMAT_VERSION } from '../../src-core/model/events';
import type { MachineSpec } from '../../src-core/model/machine';
import type { ScenarioSpec } from '../../src-core/model/scenario';
import type { RunSummary } from '../../src-core/model/summary';
import { memorySystems } from '../../src-core/systems';
import { machines } from '../../src-core/presets';
import { r0 } from '../../src-core/presets/machines/r0';
import { Bounds } from '../../src-core/session/bounds';
import { LiveRun } from '../../src-core/session/live-run';
import type { Runnable } from '../../src-core/session/open';
import { resolveSystem } from '../../src-core/session/scenario';
import { compileWorkload, loadWorkload } from '../../src-core/workload';
import { createNodePlatform } from '../../src-main/host/node-platform';
import { caseOf, type Case } from './compare';
import { choose } from './drive';
import { randomProgram, sourceOf, type ProgramPlan } from './random-program';

/** Programs in 2 MiB granules whose elements span several, on a device with room for few. */
const COARSE = [25, 75];
/** Systems that refuse more devices. */
const MOST_DEVICES: Readonly<Partial<Record<string, number>>> = { uvmsmart: 1 };
const TIMED = machines.filter(({ timing }) => timing !== null);
const BATCHES = [256, 2, 7, 32];
const timedMachine = (seed: number): MachineSpec => TIMED[seed % TIMED.length]!;
const only = process.env['FAULTLINE_SEED'];
const seeds = only === undefined ? Array.from({ length: 90 }, (_, index) => index + 1) : [Number(only)];
const platform = createNodePlatform({
  spoolFolder: tmpdir(),
  examplesFolder: '',
  uploads: new Map(),
  onSpool: () => undefined,
});

function runnable(test: Case, machine: MachineSpec, scenario: ScenarioSpec): Runnable {
  const { source } = test;
  return {
    kind: 'runnable',
    header: {
      format: FORMAT_VERSION,
      engineVersion: 'test',
      title: 'random',
      about: '',
      workload: { name: 'random', file: null, kind: 'workload', sha256: '' },
      workloadText: '',
      machine,
      scenario,
      axis: machine.timing ? 'time' : 'accesses',
      devices: source.devices,
      objects: source.space.objects,
      regions: source.space.regions,
      spaceBytes: source.space.bytes,
    },
    source,
    expect: [],
    expectSkipped: 0,
    phases: [],
    options: { spool: false },
    fileChanges: 0,
    expectedHash: null,
  };
}

async function runAll(opened: Runnable): Promise<{ summary: RunSummary; rows: readonly BoundRow[] }> {
  const quiet = { platform, cancelled: () => false, progress: () => undefined };
  const live = await LiveRun.create(
    platform,
    opened,
    () => undefined,
    () => undefined,
    () => false,
  );
  live.go();
  while (live.state === 'running') await platform.pause(0);
  if (live.state === 'failed') throw live.failure;
  const bounds = new Bounds();
  await bounds.make(opened, [], quiet);
  const summary = live.summary();
  return { summary, rows: bounds.rowsOf(opened.header, summary)! };
}

/** The same with nothing in memory at the start. */
function untouched(test: Case): Case {
  const { space } = test.source;
  const objects = space.objects.map((object) => ({ ...object, initially: 'unpopulated' as const }));
  return { ...test, source: { ...test.source, space: { ...space, objects } } };
}

/** Sweeps over more than a device of 2 MiB holds, paged on demand, with a CPU that looks in now and then. */
function larger(seed: number): Case {
  const made = caseOf(1);
  const random = randomStream(seed, 'larger');
  const pick = (...list: readonly string[]): string => list[random.below(list.length)]!;
  const loop = (): string =>
    `{ ${pick('read', 'write', 'readwrite')}: ${pick('a', 'b')}${pick('', ', direction: alternate', ', part: [0.25, 1]')} }`;
  const step = (): string =>
    `{ on: ${pick('gpu', 'gpu', 'gpu', 'cpu')}, do: [ ${Array.from({ length: 1 + random.below(2) }, loop).join(', ')} ] }`;
  const text = [
    'faultline: 1',
    'name: larger',
    'objects:',
    `  a: { elements: ${200 + random.below(200)}, element: 4096B }`,
    `  b: { elements: ${200 + random.below(500)}, element: 4096B }`,
    'phases:',
    '  - { name: init, steps: [ { on: cpu, do: [ { write: a }, { write: b } ] } ] }',
    `  - { name: sweep, repeat: ${2 + random.below(3)}, steps: [ ${Array.from({ length: 3 }, step).join(', ')} ] }`,
    '',
  ].join('\n');
  const policies = [choose('eviction', 'access-lru'), choose('prefetch', 'none'), choose('migration', 'on-fault')];
  const scenario = { ...made.scenario, granularity: 4096, deviceMemoryBytes: 2 ** 21, policies } as const;
  return { ...made, seed, source: compileWorkload(loadWorkload(text, 'larger.yaml')), scenario, about: text };
}

/** The same program on the device, one access after the other. */
function singleLanesOnDevice(program: ProgramPlan): ProgramPlan {
  const parts = program.parts.flatMap((part) => {
    if (part.kind !== 'step') return [];
    const batches = part.step.batches.map((batch) =>
      batch.kind === 'groups'
        ? { ...batch, groups: batch.groups.map(({ count, lanes }) => ({ count, lanes: lanes.slice(0, 1) })) }
        : batch,
    );
    return [{ ...part, step: { processor: 1, batches } }];
  });
  return { ...program, parts };
}

const replay = (seed: number): string =>
  `FAULTLINE_SEED=${seed} npx vitest run --project property test/property/bounds.test.ts`;

/** What a run got below, one line each; and how many bounds it met or kept. */
function judge(rows: readonly BoundRow[]): { broken: string[]; met: string[]; kept: string[] } {
  const of = (holds: (value: number, run: number) => boolean): string[] =>
    rows.flatMap(({ id, values }) =>
      values.flatMap(({ quantity, kind, value, run }) =>
        kind === 'bound' && value !== null && holds(value, run)
          ? [`${id} ${quantity}: run ${run}, bound ${value}`]
          : [],
      ),
    );
  return {
    broken: of((value, run) => run < value),
    met: of((value, run) => run === value && run > 0),
    kept: of((value, run) => run > value && value > 0),
  };
}
const count = (lines: readonly string[], what: string): number => lines.filter((line) => line.startsWith(what)).length;

describe('bounds', () => {
  it('hold on the ideal system, whatever machine and policies; good runs reach them', async () => {
    const met: string[] = [];
    const kept: string[] = [];
    for (const seed of seeds) {
      const test = caseOf(seed);
      const preset = timedMachine(seed);
      const timed: MachineSpec = {
        ...preset,
        hostMapsDevice: test.machine.hostMapsDevice,
        faultBatchEntries: { ...preset.faultBatchEntries, value: BATCHES[seed % BATCHES.length]! },
      };
      for (const machine of [test.machine, timed]) {
        const { rows } = await runAll(runnable(test, machine, test.scenario));
        const judged = judge(rows);
        expect(judged.broken, `seed ${seed} on ${machine.id}: ${test.about}\n${replay(seed)}`).toEqual([]);
        met.push(...judged.met);
        kept.push(...judged.kept);
      }
    }
    if (only !== undefined) return;
    for (const bound of [
      'belady gpuFaults',
      'belady bytesToDevice',
      'belady bytesToHost',
      'infinite-memory bytesToHost',
      'link-floor linkBytes',
    ]) {
      expect(count(met, bound), `${bound} is never reached: it may say too little`).toBeGreaterThan(1);
      expect(count(kept, bound), `${bound} never says more than 0 below a run`).toBeGreaterThan(1);
    }
    for (const bound of ['perfect-prefetch simTimePs', 'link-floor simTimePs'])
      expect(count(kept, bound), bound).toBeGreaterThan(20);
  });

  it('belady is what the belady policy makes of single accesses by a device', async () => {
    const policies = [choose('eviction', 'belady'), choose('prefetch', 'none'), choose('migration', 'on-fault')];
    let farFromLru = 0;
    for (let seed = 1; seed <= 40; seed++) {
      const program = singleLanesOnDevice(randomProgram(seed, { granuleBytes: 4096, devices: 1, mayFork: false }));
      const test = { ...caseOf(1), source: sourceOf(program) };
      const scenario = { ...test.scenario, granularity: 4096, deviceMemoryBytes: (2 + (seed % 5)) * 4096 } as const;
      const faults = async (chosen: ScenarioSpec['policies']) => {
        const { rows } = await runAll(runnable(test, r0, { ...scenario, policies: chosen }));
        return rows.find(({ id }) => id === 'belady')!.values.find(({ quantity }) => quantity === 'gpuFaults')!;
      };
      const best = await faults(policies);
      expect(best.value, `seed ${seed}`).toBe(best.run);
      const lru = await faults([choose('eviction', 'access-lru'), ...policies.slice(1)]);
      expect(lru.value, `seed ${seed}`).toBe(best.run);
      if (lru.run > best.run) farFromLru++;
    }
    expect(farFromLru).toBeGreaterThan(5); // otherwise the cases were too easy
  });

  it.each(memorySystems.map(({ id }) => [id] as const).filter(([id]) => id !== 'ideal'))(
    'hold on the memory system %s',
    async (id) => {
      const said: string[] = [];
      for (const seed of only === undefined ? [...seeds.slice(0, 15), ...COARSE] : seeds) {
        const test =
          seed % 3 === 0 || COARSE.includes(seed)
            ? caseOf(seed)
            : seed % 3 === 1
              ? untouched(caseOf(seed))
              : larger(seed);
        if (test.source.devices > (MOST_DEVICES[id] ?? 6)) continue;
        const machine: MachineSpec = { ...timedMachine(seed), hostMapsDevice: test.machine.hostMapsDevice };
        const { policies, ...rest } = test.scenario;
        const plain = policies.map((policy) => (policy.id === 'belady' ? choose('eviction', 'access-lru') : policy));
        const system = resolveSystem({ id })!;
        const deviceMemoryBytes = Math.max(rest.deviceMemoryBytes, 2 ** 21);
        const { rows } = await runAll(runnable(test, machine, { ...rest, deviceMemoryBytes, policies: plain, system }));
        const judged = judge(rows);
        expect(judged.broken, `seed ${seed} under ${id}: ${test.about}\n${replay(seed)}`).toEqual([]);
        said.push(...judged.met, ...judged.kept);
      }
      expect(said.length).toBeGreaterThan(0);
      if (only === undefined && memorySystems.find((system) => system.id === id)?.movement === 'on-demand')
        expect(count(said, 'belady bytesToDevice'), 'pages on demand').toBeGreaterThan(3);
    },
  );
});
