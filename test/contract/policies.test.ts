/** Every registered policy is a good citizen: legal decisions only, deterministic, described by its schema. */
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { randomStream } from '../../src-core/base/random';
import { NO_GRANULE, asGranule } from '../../src-core/base/indices';
import type { EvictionPolicy, MigrationPolicy, PolicyEntry, PrefetchPolicy } from '../../src-core/contracts/policy';
import { POLICY_KINDS, type PolicyChoice } from '../../src-core/model/scenario';
import { policies } from '../../src-core/policies';
import { pcie4x16g } from '../../src-core/presets/machines/pcie4-16g';
import { r0 } from '../../src-core/presets/machines/r0';
import { GPU0, asProcessor } from '../../src-core/model/processor';
import { caseOf } from '../property/compare';
import { choose, drive } from '../property/drive';
import { brokenInvariants } from '../property/invariants';
import { fakeMemory } from '../unit/policies/views';

interface JsonField {
  readonly type?: string;
  readonly title?: string;
  readonly description?: string;
  readonly default?: number | string | boolean;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly enum?: readonly string[];
}
const schemaOf = (entry: PolicyEntry) =>
  z.toJSONSchema(entry.schema) as { properties?: Readonly<Record<string, JsonField>>; additionalProperties?: boolean };
const fieldsOf = (entry: PolicyEntry): (readonly [string, JsonField])[] =>
  Object.entries(schemaOf(entry).properties ?? {});
const defaultsOf = (entry: PolicyEntry): PolicyChoice['params'] => {
  const parsed = entry.parse({});
  if (!parsed.ok) throw new Error(parsed.error);
  return parsed.value;
};
/** The defaults, and each parameter at both ends of its range. */
const paramSets = (entry: PolicyEntry): PolicyChoice['params'][] => [
  defaultsOf(entry),
  ...fieldsOf(entry).flatMap(([name, field]) => {
    const ends = field.enum ?? (field.type === 'boolean' ? [false, true] : [field.minimum!, field.maximum!]);
    return ends.map((value) => ({ ...defaultsOf(entry), [name]: value }));
  }),
];
const envOf = (seed: number) => ({ random: randomStream(seed, 'contract') });

describe('the registry', () => {
  it('has policies of every kind, and no id twice in a kind', () => {
    expect(new Set(policies.map((entry) => entry.kind))).toEqual(new Set(POLICY_KINDS));
    const names = policies.map((entry) => `${entry.kind}/${entry.id}`);
    expect(new Set(names).size).toBe(names.length);
  });
  it('begins each kind with a policy that needs no future: it is the default', () => {
    for (const kind of POLICY_KINDS) expect(policies.find((entry) => entry.kind === kind)?.needsFuture).toBe(false);
  });
});

describe.each(policies.map((entry) => [`${entry.kind}=${entry.id}`, entry] as const))('%s', (_name, entry) => {
  it('says what it is and where it comes from', () => {
    expect(entry.id).toMatch(/^[a-z0-9]+(-[a-z0-9]+)*$/);
    for (const text of [entry.title, entry.summary, entry.source]) expect(text.length).toBeGreaterThan(3);
    expect(entry.summary).toMatch(/\.$/);
  });

  it('describes every parameter: title, help, default within the range', () => {
    for (const [name, field] of fieldsOf(entry)) {
      expect(field.title, name).toBeTruthy();
      expect(field.description, name).toBeTruthy();
      expect(field.default, name).toBeDefined();
      if (field.type === 'integer')
        expect(field.minimum! <= Number(field.default) && Number(field.default) <= field.maximum!, name).toBe(true);
    }
  });

  it('takes its parameters through JSON unchanged, and nothing else', () => {
    for (const params of paramSets(entry)) {
      const again = entry.parse(JSON.parse(JSON.stringify(params)) as PolicyChoice['params']);
      expect(again).toEqual({ ok: true, value: params });
      expect(z.fromJSONSchema(JSON.parse(JSON.stringify(schemaOf(entry))) as never).safeParse(params).success).toBe(
        true,
      );
    }
    const unknown = entry.parse({ colour: 'red' });
    expect(unknown.ok ? '' : unknown.error).toMatch(/unknown parameter "colour" \(known: /);
    for (const [name, field] of fieldsOf(entry))
      if (field.type === 'integer')
        for (const wrong of [field.minimum! - 1, field.maximum! + 1, field.minimum! + 0.5, 'many']) {
          const refused = entry.parse({ [name]: wrong });
          expect(refused.ok ? `accepted ${name} = ${wrong}` : refused.error).toContain(`parameter "${name}"`);
        }
  });

  it('runs in the engine on a device with room for one granule, with every law kept', async () => {
    for (const machine of [r0, pcie4x16g])
      for (const params of paramSets(entry))
        for (const seed of [3, 8, 17]) {
          const test = caseOf(seed);
          const others = [
            choose('eviction', 'access-lru'),
            choose('prefetch', 'none'),
            choose('migration', 'on-fault'),
          ];
          const chosen = others.map((other) =>
            other.kind === entry.kind ? { kind: entry.kind, id: entry.id, params } : other,
          );
          const scenario = { ...test.scenario, policies: chosen, deviceMemoryBytes: test.scenario.granularity };
          const engine = await drive(test.source, scenario, { machine, keepEvents: true });
          expect(
            brokenInvariants({ ...test, machine, scenario }, engine).slice(0, 5),
            `seed ${seed}, ${machine.id}, ${JSON.stringify(params)}`,
          ).toEqual([]);
          expect((await drive(test.source, scenario, { machine })).hash).toBe(engine.hash);
        }
  });
});

const entriesOf = (kind: PolicyChoice['kind']) =>
  policies.filter((entry) => entry.kind === kind).map((entry) => [entry.id, entry] as const);

describe.each(entriesOf('eviction'))('eviction=%s', (_id, entry) => {
  const victims = (): number[] => {
    const made = entry.create(defaultsOf(entry), envOf(1)) as EvictionPolicy;
    const random = randomStream(2, 'memories');
    return Array.from({ length: 300 }, () => {
      const residents = [...new Set(Array.from({ length: random.below(12) }, () => random.below(100)))];
      const kept = new Set(residents.filter(() => random.below(2) === 0));
      const memory = fakeMemory({
        residents,
        isProtected: (granule) => kept.has(granule),
        nextUse: (granule) => (granule * 7919) % 104_729,
      });
      for (const granule of residents) made.used?.(GPU0, asGranule(granule), memory);
      const victim = made.victim(GPU0, memory);
      const allowed = residents.filter((granule) => !kept.has(granule));
      if (allowed.length === 0) expect(victim).toBe(NO_GRANULE);
      else expect(allowed).toContain(victim);
      if (made.isOldestFirst) expect(victim).toBe(allowed[0] ?? NO_GRANULE); // as it promises
      return victim;
    });
  };
  it('evicts a resident that is not protected, or says that there is none; the same one each time', () => {
    expect(victims()).toEqual(victims());
  });
});

describe.each(entriesOf('prefetch'))('prefetch=%s', (_id, entry) => {
  it('wants granules of the block only, also in the smallest block, and the same ones each time', () => {
    for (const params of paramSets(entry)) {
      const made = entry.create(params, envOf(1)) as PrefetchPolicy;
      for (const granuleBytes of [4096, 65_536, 2_097_152])
        for (const pages of [1, 2, 3, 17, (2 * 1024 * 1024) / granuleBytes]) {
          if (pages * granuleBytes > 2 * 1024 * 1024) continue;
          const first = asGranule(512);
          const wishes = (): number[] => {
            const wanted: number[] = [];
            const faults = {
              device: GPU0,
              first,
              outer: asGranule(first + pages),
              faulted: Int32Array.of(first + pages - 1),
              count: 1,
            };
            made.choose?.(faults, fakeMemory({ granuleBytes, owner: { [first]: 1 } }), (granule) =>
              wanted.push(granule),
            );
            return wanted;
          };
          for (const granule of wishes()) expect(granule >= first && granule < first + pages).toBe(true);
          expect(wishes()).toEqual(wishes());
          expect(wishes()).toEqual([...wishes()].sort((a, b) => a - b));
        }
    }
  });
});

describe.each(entriesOf('migration'))('migration=%s', (_id, entry) => {
  it('answers every fault with one of the two ways, and has a threshold of at least one or none', () => {
    for (const params of paramSets(entry)) {
      const made = entry.create(params, envOf(1)) as MigrationPolicy;
      for (const processor of [0, 1, 2])
        for (const op of [0, 1, 2, 3] as const)
          for (const owner of [0, 1, 2]) {
            const answer = made.onFault(asProcessor(processor), asGranule(5), op, fakeMemory({ owner: { 5: owner } }));
            expect(made.isAlwaysMigrating ? ['migrate'] : ['migrate', 'map-remote']).toContain(answer);
          }
      expect(made.counterThreshold === null || made.counterThreshold >= 1).toBe(true);
    }
  });
});
