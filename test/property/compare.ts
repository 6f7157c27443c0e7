/** One random case: a program or a workload text, a machine, a scenario; played by the engine and by the slow model. */
import { randomStream } from '../../src-core/base/random';
import type { AccessSource } from '../../src-core/contracts/access-stream';
import type { PolicyChoice, ScenarioSpec } from '../../src-core/model/scenario';
import { r0 } from '../../src-core/presets/machines/r0';
import type { MachineSpec } from '../../src-core/model/machine';
import { accessesOf } from './accesses';
import { choose, drive, makeScenario, type DriveOptions, type EngineRun } from './drive';
import { randomProgram, sourceOf } from './random-program';
import { randomWorkload } from './random-workload';
import {
  leastRecentlyAccessed,
  leastRecentlyMigrated,
  SlowModel,
  type SlowCounts,
  type SlowMachine,
} from './slow-model';

export interface Case {
  readonly seed: number;
  readonly source: AccessSource;
  readonly machine: MachineSpec;
  readonly scenario: ScenarioSpec;
  readonly about: string;
}

export function caseOf(seed: number): Case {
  const random = randomStream(seed, 'case');
  const pick = <T>(list: readonly T[]): T => list[random.below(list.length)]!;
  const granularity = seed % 25 === 0 ? 2097152 : seed % 5 === 0 ? 65536 : 4096;
  const devices = 1 + (random.below(3) === 0 ? 1 : 0);
  const isText = seed % 4 === 0 && granularity === 4096;
  const source = isText
    ? randomWorkload(seed)
    : sourceOf(randomProgram(seed, { granuleBytes: granularity, devices, mayFork: true }));
  const granules = source.space.objects.reduce((sum, object) => sum + Math.ceil(object.bytes / granularity), 0);
  const capacity = pick([1, 2, 3, 1 + random.below(granules), 1 + random.below(granules), granules + 2]);
  const eviction = pick(['access-lru', 'access-lru', 'migrated-lru', 'random', 'belady']);
  const prefetch = pick([
    choose('prefetch', 'none'),
    choose('prefetch', 'none'),
    choose('prefetch', 'sequential-64k'),
    choose('prefetch', 'tree', { threshold: pick([0, 25, 51, 75, 100]) }),
  ]);
  const migration = pick([
    choose('migration', 'on-fault'),
    choose('migration', 'on-fault'),
    choose('migration', 'first-touch-stay-remote'),
    choose('migration', 'access-counter', { threshold: pick([1, 2, 5, 30]) }),
  ]);
  const hostMapsDevice = { ...r0.hostMapsDevice, value: random.below(2) === 0 };
  const policies: PolicyChoice[] = [choose('eviction', eviction), prefetch, migration];
  return {
    seed,
    source,
    machine: { ...r0, hostMapsDevice },
    scenario: makeScenario({ deviceMemoryBytes: capacity * granularity, granularity, seed, policies }),
    about: `${isText ? 'workload text' : 'program'}, ${granules} granules of ${granularity} B, room for ${capacity} on each of ${source.devices} devices, ${policies.map((policy) => `${policy.id} ${JSON.stringify(policy.params)}`).join(', ')}, host maps device: ${hostMapsDevice.value}`,
  };
}

/** Victims as the engine chose them; the model checks that each choice was allowed, and farthest where it has to be. */
function replayedVictims(
  engine: EngineRun,
  granularity: number,
  base: number,
  mustBeFarthest: boolean,
): SlowMachine['victim'] {
  const chosen = engine.events
    .filter((event) => event.name === 'eviction')
    .map((event) => ({ device: event.source!, granule: (event.address! - base) / granularity }));
  let at = 0;
  return (device, candidates, model) => {
    const next = chosen[at++];
    if (next?.device !== device)
      throw new Error(
        `eviction ${at}: the model needs room on device ${device}, the engine evicted from ${next?.device ?? 'nowhere'}`,
      );
    const use = model.nextDeviceAccess(next.granule);
    const better = mustBeFarthest ? candidates.find((granule) => model.nextDeviceAccess(granule) > use) : undefined;
    if (better !== undefined)
      throw new Error(
        `eviction ${at} before access ${model.now}: granule ${next.granule} (next use ${use}) went, granule ${better} (${model.nextDeviceAccess(better)}) stayed`,
      );
    return next.granule;
  };
}

export function playSlowly(test: Case, engine: EngineRun): readonly SlowCounts[] {
  const { source, scenario, machine } = test;
  const [eviction, prefetch, migration] = scenario.policies as [PolicyChoice, PolicyChoice, PolicyChoice];
  const base = source.space.regions[0]!.address;
  const victims: Readonly<Record<string, () => SlowMachine['victim']>> = {
    'access-lru': () => leastRecentlyAccessed,
    'migrated-lru': () => leastRecentlyMigrated,
    random: () => replayedVictims(engine, scenario.granularity, base, false),
    belady: () => replayedVictims(engine, scenario.granularity, base, true),
  };
  const slow: SlowMachine = {
    granuleBytes: scenario.granularity,
    capacityGranules: scenario.deviceMemoryBytes / scenario.granularity,
    devices: source.devices,
    hostMapsDevice: machine.hostMapsDevice.value,
    prefetch:
      prefetch.id === 'tree'
        ? { id: 'tree', threshold: Number(prefetch.params['threshold']) }
        : { id: prefetch.id as 'none' },
    migration:
      migration.id === 'access-counter'
        ? { id: 'access-counter', threshold: Number(migration.params['threshold']) }
        : { id: migration.id as 'on-fault' },
    victim: victims[eviction.id]!(),
  };
  return new SlowModel(source.space, slow, accessesOf(source, scenario.granularity)).run();
}

/** What differs, one line per number; empty when all agree. */
export function differences(expected: readonly SlowCounts[], actual: readonly SlowCounts[]): string[] {
  const lines: string[] = [];
  const walk = (path: string, want: unknown, have: unknown): void => {
    if (typeof want === 'object' && want !== null) {
      for (const [key, value] of Object.entries(want))
        walk(`${path}.${key}`, value, (have as Record<string, unknown> | undefined)?.[key]);
    } else if (want !== have) lines.push(`${path}: the model says ${String(want)}, the engine ${String(have)}`);
  };
  expected.forEach((counts, object) => {
    walk(`o${object}`, counts, actual[object]);
  });
  return lines;
}

/** Plays a case both ways; answers what differs. */
export async function compare(
  test: Case,
  options: DriveOptions = {},
): Promise<{ differences: string[]; engine: EngineRun }> {
  const engine = await drive(test.source, test.scenario, { machine: test.machine, keepEvents: true, ...options });
  try {
    return { differences: differences(playSlowly(test, engine), engine.objects), engine };
  } catch (cause) {
    return { differences: [cause instanceof Error ? cause.message : String(cause)], engine };
  }
}

export const replayCommand = (seed: number): string =>
  `FAULTLINE_SEED=${seed} npx vitest run --project property test/property/engine-equals-model.test.ts`;
