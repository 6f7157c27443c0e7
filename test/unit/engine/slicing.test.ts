import { describe, expect, it } from 'vitest';
import { drive, makeScenario } from '../../property/drive';
import { sourceOf, type BatchPlan } from '../../property/random-program';

const GRANULE = 4096;
const GRANULES = 40_000; // 80,000 events in one step: ledger rows are written in the middle of it
const objects = [{ bytes: GRANULES * GRANULE, elementBytes: 8, isOnHost: true }];
const twice = (batches: readonly BatchPlan[]) =>
  sourceOf({ objects, parts: [{ kind: 'step', step: { processor: 1, batches } }] });
const lane = (op: 0 | 1, at: number, stride = GRANULE) => ({ op, object: 0, address: at, stride, bytes: 8 });

const walks: readonly (readonly [string, readonly BatchPlan[]])[] = [
  ['one lane', [{ kind: 'groups', groups: [{ count: GRANULES, lanes: [lane(0, 0)] }] }]],
  [
    'lanes in lock step',
    [{ kind: 'groups', groups: [{ count: 4 * GRANULES, lanes: [lane(0, 0, GRANULE / 4), lane(1, 8, GRANULE / 4)] }] }],
  ],
  [
    'points',
    [
      {
        kind: 'points',
        dependent: false,
        op: 0,
        object: 0,
        base: 0,
        pitch: GRANULE,
        bytes: 8,
        index: Array.from({ length: GRANULES }, (_, i) => i),
      },
    ],
  ],
];

describe('a step with more events than lie between two sets of ledger rows', () => {
  it.each(walks)('is recorded the same in slices and in one go: %s', async (_name, batches) => {
    const scenario = makeScenario({ deviceMemoryBytes: GRANULES * GRANULE });
    const whole = await drive(twice(batches), scenario, { keepEvents: true });
    const sliced = await drive(twice(batches), scenario, { slice: 1000 });
    expect(whole.events.filter((event) => event.name === 'ledger').length).toBeGreaterThan(1);
    expect(sliced.hash).toBe(whole.hash);
  });
});
