/**
 * Every knob of every memory system has a scenario in which it must matter and one in which it must not. Where a knob
 * matters a number follows from the kernel's or the driver's rules, and its declaration does not say that it does nothing
 * there; where it must not matter, events and figures are the same to the byte.
 */
import { describe, expect, it } from 'vitest';
import { knobParams, platformFacts, whyWithoutEffect, type KnobParam } from '../../src-core/contracts/knobs';
import { memorySystems } from '../../src-core/systems';
import { runEvents, type EventRun } from '../support/event-run';
import { summaryOf } from '../support/programs';
import { knobPairs } from './knob-pairs';
import type { KnobPair, Program, Values } from './knob-pairs/pair';

const runWith = ({ text, params }: Program, knob: Values): Promise<EventRun> => runEvents(text, { ...params, ...knob });
/** Why the knob's declaration says that it does nothing in this run; null: it does not say so. */
const declared = ({ knob }: KnobParam, { run, scenario }: EventRun): string | null =>
  whyWithoutEffect(knob, scenario.system!.params, platformFacts(run.memory.config.machine, run.memory.config.devices));
/** What a run says at its end, but for the requirements: these are words about how the system is built. */
const told = (made: EventRun) => {
  const { numbers, figures, outcomes } = summaryOf(made);
  return { numbers, figures, outcomes };
};

const systems = memorySystems.map((entry) => ({
  id: entry.id,
  knobs: knobParams(entry),
  pairs: knobPairs[entry.id] ?? [],
}));

describe.each(systems)('$id', ({ id, knobs, pairs }) => {
  it('has one pair of scenarios for each of its knobs', () => {
    expect(pairs.map(({ knob }) => knob).sort()).toEqual(knobs.map(({ name }) => name).sort());
  });

  describe.each(pairs.map((pair): [string, KnobPair] => [pair.knob, pair]))('%s', (name, { matters, not }) => {
    const param = knobs.find((each) => each.name === name)!;
    const runOf = async (program: Program, value: Values[string]): Promise<EventRun> => {
      const made = await runWith(program, { [name]: value });
      expect(made.scenario.system?.id).toBe(id);
      return made;
    };

    if (matters)
      it(`matters: ${matters.number}: ${matters.because}`, async () => {
        const made = await Promise.all(matters.gives.map(([value]) => runOf(matters, value)));
        expect(matters.gives.map(([value], i) => [value, matters.of(made[i]!)])).toEqual(matters.gives);
        expect(new Set(matters.gives.map(([, number]) => number)).size).toBeGreaterThan(1);
        for (const each of made) expect(declared(param, each)).toBeNull();
      });
    else
      it('matters nowhere in this model, and its declaration says why', () => {
        expect(param.knob.noEffect?.some(({ when }) => when.length === 0)).toBe(true);
      });

    it(`does not matter: ${not.because}`, async () => {
      expect(not.values.length).toBeGreaterThan(1);
      const [first, ...others] = await Promise.all(not.values.map((value) => runOf(not, value)));
      expect(first!.events.length).toBeGreaterThan(2);
      for (const other of others) {
        expect(other.events).toEqual(first!.events);
        expect(told(other)).toEqual(told(first!));
      }
    });
  });
});
