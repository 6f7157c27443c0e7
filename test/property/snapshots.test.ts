import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { randomStream } from '../../src-core/base/random';
import { StateKeeper } from '../../src-core/base/snapshot';
import type { SystemEntry } from '../../src-core/contracts/memory-system';
import type { Run } from '../../src-core/engine/run';
import type { PolicyChoice, RunChange } from '../../src-core/model/scenario';
import { findPolicy } from '../../src-core/policies';
import { memorySystems } from '../../src-core/systems';
import { type Program, RestoredRun } from './restored-run';

/** Random points per memory system that a run goes back to. */
const POINTS = 200;
/** Drivers that move pages one by one take seconds of CPU time; the machine may be busy besides. */
const LONG_MS = 300_000;

/** Sizes that make every system evict, with few accesses; NVIDIA's driver allocates 2 MiB at a time. */
const LARGE = { memory: '2MiB', size: '2MiB', stride: 4096 };
const SMALL = { memory: '512KiB', size: '512KiB', stride: 4096 };
const sizesOf = (id: string): typeof LARGE => (id === 'nvidia-uvm' ? LARGE : SMALL);

/** Both sides use everything, the device holds half of it, and time passes: a little of all that a run can do. */
function text(id: string): string {
  const { memory, size, stride } = sizesOf(id);
  const pages = `pattern: strided, stride: ${stride}`;
  return `faultline: 1
name: snapshots
machine: pcie4-16g
deviceMemory: ${memory}
granularity: 64KiB
objects:
  a: { size: ${size}, element: f64 }
  b: { size: ${size}, element: f64, initially: host }
phases:
  - name: sweep
    steps:
      - { on: cpu, do: [ { write: a, ${pages} } ] }
      - on: gpu
        do:
          - together: [ { read: a, ${pages} }, { write: b, ${pages} } ]
          - { read: b, pattern: random, count: 40 }
      - concurrently:
          quantum: 10
          steps:
            - { on: gpu, do: [ { readwrite: a, pattern: zipf, count: 30, s: 0.8, placement: hashed } ] }
            - { on: cpu, do: [ { read: a, pattern: random, count: 20 }, { write: b, part: [0, 0.25], ${pages} } ] }
  - name: calls
    steps:
      - os: { fork: child }
      - { on: gpu, process: child, do: [ { read: a, part: [0, 0.5], ${pages} } ] }
      - os: { migrate: a, to: gpu0 }
      - os: { madvise: b, advice: cold }
      - { on: cpu, process: child, do: [ { write: b, part: [0, 0.25], ${pages} } ] }
      - os: { madvise: b, advice: dontneed }
      - { on: gpu, do: [ { readwrite: b, part: [0, 0.5], ${pages} } ] }
`;
}

interface Field {
  readonly type?: string;
  readonly default?: number | string | boolean;
  readonly minimum?: number;
  readonly enum?: readonly string[];
}
/** Values for some live parameters of a system that are not their defaults. */
function otherValues(entry: SystemEntry, seed: number): Record<string, number | string | boolean> {
  const random = randomStream(seed, 'values');
  const { properties = {} } = z.toJSONSchema(entry.schema, { io: 'input' }) as { properties?: Record<string, Field> };
  return Object.fromEntries(
    Object.entries(properties).flatMap(([name, field]): [string, number | string | boolean][] => {
      if (!entry.live.has(name) || random.below(3) > 0) return [];
      if (field.enum) return [[name, field.enum.find((word) => word !== field.default)!]];
      if (field.type === 'boolean') return [[name, field.default !== true]];
      return [[name, field.default === field.minimum ? field.minimum! + 1 : field.minimum!]];
    }),
  );
}

const policy = (kind: PolicyChoice['kind'], id: string, params: PolicyChoice['params'] = {}): PolicyChoice => ({
  kind,
  id,
  params,
});

function programOf(entry: SystemEntry): Program {
  const byHand = new Map<number, RunChange>();
  for (const [at, seed] of [
    [5, 1],
    [12, 2],
    [25, 3],
  ] as const) {
    const params = otherValues(entry, seed);
    if (Object.keys(params).length > 0) byHand.set(at, { kind: 'system', id: entry.id, params });
  }
  if (entry.followsPolicies) {
    byHand.set(8, policy('eviction', 'random'));
    byHand.set(14, policy('prefetch', 'sequential-64k', { regionKib: 256 }));
    byHand.set(20, policy('migration', 'access-counter', { threshold: 16 }));
  }
  const params = 'hostMemory' in entry.schema.shape ? { hostMemory: 64, swap: 64 } : {};
  return { text: text(entry.id), system: { id: entry.id, params }, byHand };
}

/** The system that is governed by policies alone. */
const ideal = memorySystems.find(({ followsPolicies, live }) => followsPolicies && live.size === 0)!;

describe.each(memorySystems.map((entry) => [entry.id, entry] as const))('under %s', (_id, entry) => {
  it(
    `a run restored at ${POINTS} random points ends as the run that was not interrupted`,
    async () => {
      await endsTheSame(programOf(entry), POINTS);
    },
    LONG_MS,
  );
});

async function endsTheSame(program: Program, points: number): Promise<void> {
  const made = await RestoredRun.create(program);
  const whole = await made.finish();
  const again = await RestoredRun.create(program);
  expect(await again.finish()).toBe(whole);
  const random = randomStream(1, 'points');
  expect(made.snapshots.length).toBeGreaterThan(20);
  expect(made.run.applied.length > 0).toBe(program.byHand.size > 0);
  for (let i = 0; i < points; i++) {
    const slice = random.below(made.snapshots.length);
    made.goBack(slice);
    if ((await made.finish()) !== whole) expect.fail(`restored before slice ${slice}, the run ended otherwise`);
  }
}

describe('policies', () => {
  it.each(['belady', 'random', 'migrated-lru'])('eviction=%s is restored with what it remembers', async (id) => {
    const policies = [policy('eviction', id), policy('prefetch', 'tree'), policy('migration', 'on-fault')];
    await endsTheSame({ text: text(ideal.id), policies, byHand: new Map() }, 20);
  });
});

describe('state that a snapshot leaves out is noticed', () => {
  /** A keeper that takes some object of the run for an input. */
  const without = (part: (run: Run) => object) => (run: Run) => new StateKeeper([run], [part(run)]);

  it.each([
    ['residency', (run: Run) => run.memory.residency],
    ['ledger', (run: Run) => run.memory.ledger],
    ['clocks', (run: Run) => run.memory.clocks],
    ['executor', (run: Run) => run.executor],
    ['policies', (run: Run) => run.policies],
  ])('%s', async (_name, part) => {
    const program = programOf(ideal);
    const whole = await (await RestoredRun.create(program)).finish();
    const made = await RestoredRun.create(program, without(part));
    await made.finish();
    made.goBack(Math.floor(made.snapshots.length / 2));
    const ended = await made.finish().catch((cause: unknown) => String(cause));
    expect(ended).not.toBe(whole);
  });

  it('a variable captured by a policy', async () => {
    const forgetful = (choice: PolicyChoice): ReturnType<typeof findPolicy> => {
      const entry = findPolicy(choice.kind, choice.id);
      if (choice.kind !== 'eviction' || !entry) return entry;
      let evictions = 0;
      const create: typeof entry.create = () => ({
        order: 'none',
        victim: (device, memory) => memory.residentAt(device, evictions++ % memory.residents(device)),
      });
      return { ...entry, create };
    };
    const program: Program = { text: text(ideal.id), byHand: new Map(), findPolicy: forgetful };
    const made = await RestoredRun.create(program);
    const whole = await made.finish();
    made.goBack(Math.floor(made.snapshots.length / 3));
    expect(await made.finish()).not.toBe(whole);
  });
});
