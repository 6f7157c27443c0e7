/**
 * Every knob of memory system `nvidia-uvm` has a scenario in which it must matter and one in which it must not. Where a knob
 * matters a number follows from the driver's rules; where it does not, events and figures are the same to the byte.
 */
import { describe, expect, it, test } from 'vitest';
import { knobParams, platformFacts, whyWithoutEffect } from '../../../../src-core/contracts/knobs';
import { OS } from '../../../../src-core/model/events';
import { nvidiaUvm } from '../../../../src-core/policies/systems/nvidia-uvm';
import { gh200 } from '../../../../src-core/presets/machines/gh200';
import { runEvents, type EventRun } from '../../../support/event-run';
import { faultPairs } from './knob-pairs/faults';
import { memoryPairs } from './knob-pairs/memory';
import { call, file, summaryOf, type KnobPair, type Program, type Values } from './knob-pairs/pair';
import { prefetchPairs } from './knob-pairs/prefetch';
import { thrashingPairs } from './knob-pairs/thrashing';

const pairs: readonly KnobPair[] = [...prefetchPairs, ...thrashingPairs, ...faultPairs, ...memoryPairs];
const knobs = knobParams(nvidiaUvm);

const runWith = ({ text, params }: Program, knob: Values): Promise<EventRun> => runEvents(text, { ...params, ...knob });
/** Why the knob's declaration says that it does nothing in this run; null: it does not say so. */
const declared = (knob: string, { run, scenario }: EventRun): string | null =>
  whyWithoutEffect(
    knobs.find(({ name }) => name === knob)!.knob,
    scenario.system!.params,
    platformFacts(run.memory.config.machine, run.memory.config.devices),
  );

test('every knob of the registry has one pair of scenarios', () => {
  expect(pairs.map(({ knob }) => knob).sort()).toEqual(knobs.map(({ name }) => name).sort());
});

describe.each(pairs.map((pair) => [pair.knob, pair] as const))('%s', (knob, { matters, not }) => {
  if (matters)
    it(`matters: ${matters.number}: ${matters.because}`, async () => {
      const made = await Promise.all(matters.gives.map(([value]) => runWith(matters, { [knob]: value })));
      expect(matters.gives.map(([value], i) => [value, matters.of(made[i]!)])).toEqual(matters.gives);
      expect(new Set(matters.gives.map(([, number]) => number)).size).toBeGreaterThan(1);
      for (const each of made) expect(declared(knob, each)).toBeNull();
    });
  else
    it('matters nowhere in this model, and its declaration says why', () => {
      const { noEffect } = knobs.find(({ name }) => name === knob)!.knob;
      expect(noEffect?.some(({ when }) => when.length === 0)).toBe(true);
    });

  it(`does not matter: ${not.because}`, async () => {
    expect(not.values.length).toBeGreaterThan(1);
    const [first, ...others] = await Promise.all(not.values.map((value) => runWith(not, { [knob]: value })));
    expect(first!.events.length).toBeGreaterThan(2);
    for (const other of others) {
      expect(other.events).toEqual(first!.events);
      expect(summaryOf(other).figures).toEqual(summaryOf(first!).figures);
    }
  });
});

test('a group of blocks that is unmapped at once costs one shootdown instead of one for each block', async () => {
  const text = file([call('migrate: a, to: gpu0'), call('advise: a, hint: no-preferred-location')], {
    ...{ machine: 'gh200', objects: { a: '16MiB' } },
  });
  const [grouped, each] = await Promise.all(
    [true, false].map(async (value) => {
      const { events } = await runEvents(text, { uvm_perf_migrate_cpu_preunmap_enable: value });
      const [migration, next] = events.filter(({ kind }) => kind === OS);
      return next!.time! - migration!.time!;
    }),
  );
  expect(each! - grouped!).toBe((8 - 2) * gh200.timing!.driver!.tlbShootdown.value);
});
