/** Bounds against random inputs: no run gets below what is called a bound, and the best runs reach it. */
import { tmpdir } from 'node:os';
import { describe, expect, it } from 'vitest';
import type { BoundRow } from '../../src-core/model/bounds';
import { FORMAT_VERSION } from '../../src-core/model/events';
import type { MachineSpec } from '../../src-core/model/machine';
import type { MemorySystemId } from '../../src-core/model/memory-system';
import type { ScenarioSpec } from '../../src-core/model/scenario';
import type { RunSummary } from '../../src-core/model/summary';
import { memorySystems } from '../../src-core/policies/systems';
import { pcie4x16g } from '../../src-core/presets/machines/pcie4-16g';
import { r0 } from '../../src-core/presets/machines/r0';
import { Bounds } from '../../src-core/session/bounds';
import { LiveRun } from '../../src-core/session/live-run';
import type { Runnable } from '../../src-core/session/open';
import { resolveSystem } from '../../src-core/session/scenario';
import { createNodePlatform } from '../../src-main/host/node-platform';
import { caseOf, type Case } from './compare';
import { choose } from './drive';
import { randomProgram, sourceOf, type ProgramPlan } from './random-program';

/** Systems that refuse more devices. */
const MOST_DEVICES: Readonly<Partial<Record<MemorySystemId, number>>> = { uvmsmart: 1 };
const BATCHES = [256, 2, 7, 32];
const only = process.env['FAULTLINE_SEED'];
const seeds = only === undefined ? Array.from({ length: 160 }, (_, index) => index + 1) : [Number(only)];
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
  it('hold on the managed system, whatever machine and policies; good runs reach them', async () => {
    const met: string[] = [];
    const kept: string[] = [];
    for (const seed of seeds) {
      const test = caseOf(seed);
      const timed: MachineSpec = {
        ...pcie4x16g,
        hostMapsDevice: test.machine.hostMapsDevice,
        faultBatchEntries: { ...pcie4x16g.faultBatchEntries, value: BATCHES[seed % BATCHES.length]! },
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

  it.each(memorySystems.map(({ id }) => [id] as const).filter(([id]) => id !== 'managed'))(
    'hold on the memory system %s',
    async (id) => {
      let judgedSome = 0;
      for (const seed of only === undefined ? seeds.slice(0, 24) : seeds) {
        const test = seed % 2 === 0 ? caseOf(seed) : untouched(caseOf(seed));
        if (test.source.devices > (MOST_DEVICES[id] ?? 6)) continue;
        const machine: MachineSpec = { ...pcie4x16g, hostMapsDevice: test.machine.hostMapsDevice };
        const { policies, ...rest } = test.scenario;
        const plain = policies.map((policy) => (policy.id === 'belady' ? choose('eviction', 'access-lru') : policy));
        const system = resolveSystem({ id })!;
        const deviceMemoryBytes = Math.max(rest.deviceMemoryBytes, 2 ** 21);
        const { rows } = await runAll(runnable(test, machine, { ...rest, deviceMemoryBytes, policies: plain, system }));
        const judged = judge(rows);
        expect(judged.broken, `seed ${seed} under ${id}: ${test.about}\n${replay(seed)}`).toEqual([]);
        judgedSome += judged.met.length + judged.kept.length;
      }
      expect(judgedSome).toBeGreaterThan(0);
    },
  );
});
