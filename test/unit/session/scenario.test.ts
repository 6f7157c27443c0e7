import { describe, expect, it } from 'vitest';
import { Refusal } from '../../../src-core/model/refusal';
import { r0 } from '../../../src-core/presets/machines/r0';
import { findMachine, resolvePolicy, resolveScenario } from '../../../src-core/session/scenario';

function refusal(act: () => unknown): string {
  try {
    act();
  } catch (cause) {
    if (cause instanceof Refusal) return cause.message;
    throw cause;
  }
  throw new Error('it was accepted');
}

describe('what a scenario refuses, it says what to write instead', () => {
  it.each([
    [
      'granularity',
      () => resolveScenario({}, { granularity: 8192 }, r0),
      /granularity 8192 is not supported; expected 4096 \(4KiB\), 65536 \(64KiB\) or 2097152 \(2MiB\)/,
    ],
    [
      'device memory below a granule',
      () => resolveScenario({}, { granularity: 65536, deviceMemoryBytes: 4096 }, r0),
      /4,096 bytes is less than one granule of 65,536 bytes; use more memory or a smaller granularity/,
    ],
    ['fractions of a byte', () => resolveScenario({}, { deviceMemoryBytes: 65536.5 }, r0), /device memory/],
    ['no device memory', () => resolveScenario({}, { deviceMemoryBytes: Number.NaN }, r0), /device memory/],
    ['a negative seed', () => resolveScenario({}, { seed: -1 }, r0), /seed -1 is not a whole number from 0/],
    ['a seed that is not exact', () => resolveScenario({}, { seed: 2 ** 53 }, r0), /seed .* is not a whole number/],
    [
      'an unknown policy',
      () => resolvePolicy({ kind: 'eviction', id: 'lru' }),
      /no eviction policy "lru"; expected one of access-lru, migrated-lru, random, belady/,
    ],
    [
      'a policy of another kind',
      () => resolvePolicy({ kind: 'prefetch', id: 'belady' }),
      /no prefetch policy "belady"; expected one of none, sequential-64k, tree/,
    ],
    [
      'an unknown parameter',
      () => resolvePolicy({ kind: 'prefetch', id: 'tree', params: { treshold: 5 } }),
      /unknown parameter "treshold" \(known: threshold\)/,
    ],
    [
      'a parameter out of range',
      () => resolvePolicy({ kind: 'prefetch', id: 'tree', params: { threshold: 101 } }),
      /prefetch policy "tree": parameter "threshold":/,
    ],
    ['an unknown machine', () => findMachine('h100'), /no machine preset "h100"; expected one of r0, pcie4-16g/],
    [
      'a change without a moment',
      () => resolveScenario({ changes: ['prefetch=tree'] }, {}, r0),
      /"prefetch=tree" is not a change; expected MOMENT:KIND=NAME/,
    ],
    [
      'a change to an unknown policy',
      () => resolveScenario({ changes: ['batch:5:prefetch=trie'] }, {}, r0),
      /no prefetch policy "trie"/,
    ],
  ])('%s', (_name, act, message) => {
    expect(refusal(act)).toMatch(message);
  });
});

describe('what decides', () => {
  it('is the option, then the file, then the default', () => {
    const file = {
      granularity: 4096,
      deviceMemoryBytes: 8192,
      seed: 7,
      policies: [{ kind: 'prefetch' as const, id: 'tree' }],
    };
    const plain = resolveScenario({}, {}, r0);
    expect(plain).toMatchObject({
      granularity: 65536,
      deviceMemoryBytes: r0.deviceMemory.value,
      seed: 1,
      usefulBytes: true,
    });
    expect(plain.policies.map(({ kind, id }) => `${kind}=${id}`)).toEqual([
      'eviction=access-lru',
      'prefetch=none',
      'migration=on-fault',
    ]);
    const filed = resolveScenario(file, {}, r0);
    expect(filed).toMatchObject({ granularity: 4096, deviceMemoryBytes: 8192, seed: 7 });
    expect(filed.policies[1]).toEqual({ kind: 'prefetch', id: 'tree', params: { threshold: 51 } });
    const overridden = resolveScenario(file, { seed: 9, policies: [{ kind: 'prefetch', id: 'none' }] }, r0);
    expect([overridden.seed, overridden.policies[1]!.id]).toEqual([9, 'none']);
  });

  it('takes changes of the file and of the options, with parameters filled in', () => {
    const changes = [
      {
        moment: { at: 'batch', batch: 9 } as const,
        policy: { kind: 'migration' as const, id: 'access-counter', params: {} },
      },
    ];
    const scenario = resolveScenario({ changes: ['3ms:prefetch=tree,threshold=75'] }, { changes }, r0);
    expect(scenario.changes).toEqual([
      { moment: { at: 'time', timePs: 3e9 }, policy: { kind: 'prefetch', id: 'tree', params: { threshold: 75 } } },
      {
        moment: { at: 'batch', batch: 9 },
        policy: { kind: 'migration', id: 'access-counter', params: { threshold: 256 } },
      },
    ]);
  });
});
