/**
 * Knobs during the run, each in the scenario in which it matters (knob-pairs/). Changed before anything was decided, a knob gives
 * the number of its new value; changed half-way, everything before is as it was. A knob that cannot change says why.
 */
import { describe, expect, it } from 'vitest';
import { knobParams } from '../../src-core/contracts/knobs';
import type { PolicyChange } from '../../src-core/model/scenario';
import { memorySystems } from '../../src-core/systems';
import { resolveSystem, resolveSystemChange } from '../../src-core/session/scenario';
import type { EventRow } from '../property/drive';
import { runEvents, type EventRun } from '../support/event-run';
import { knobPairs } from './knob-pairs';
import type { KnobPair, Values } from './knob-pairs/pair';

const knobs = memorySystems.flatMap((entry) =>
  knobParams(entry).map((param) => {
    const pair = knobPairs[entry.id]!.find(({ knob }) => knob === param.name)!;
    return { id: entry.id, param, pair, name: `${entry.id}: ${param.name}` };
  }),
);

/** Two values that give different numbers, where there are such. */
function valuesOf({ matters, not }: KnobPair): readonly [from: Values[string], to: Values[string]] {
  if (!matters) return [not.values[0]!, not.values[1]!];
  const [from] = matters.gives;
  const to = matters.gives.filter(([, number]) => number !== from![1]).at(-1);
  return [from![0], to![0]];
}

const changeAt = (batch: number, id: string, params: Values): PolicyChange => ({
  moment: { at: 'batch', batch },
  policy: { kind: 'system', id, params },
});
const run = ({ matters, not }: KnobPair, params: Values, changes: readonly PolicyChange[] = []): Promise<EventRun> => {
  const { text, params: others } = matters ?? not;
  return runEvents(text, { ...others, ...params }, null, changes);
};

/** The row of the change; those before it are of what governs the run from the start. */
const changed = ({ events }: EventRun): EventRow | undefined => events.filter(({ name }) => name === 'policy').at(-1);

describe('a knob that may change', () => {
  it.each(knobs.filter(({ param }) => param.live).map((each) => [each.name, each] as const))(
    '%s',
    async (_name, { id, param, pair }) => {
      expect(param.knob.fixed).toBeUndefined();
      const [from, to] = valuesOf(pair);
      const still = await run(pair, { [param.name]: from });

      const early = await run(pair, { [param.name]: from }, [changeAt(0, id, { [param.name]: to })]);
      expect(early.run.system?.params[param.name]).toBe(to);
      if (pair.matters && !pair.early) {
        const expected = pair.matters.gives.find(([value]) => value === to)![1];
        expect(pair.matters.of(early)).toBe(expected);
      }

      const half = Math.floor(still.run.memory.batches / 2);
      const later = await run(pair, { [param.name]: from }, [changeAt(half, id, { [param.name]: to })]);
      expect(later.run.applied).toHaveLength(1);
      const at = later.events.findIndex(({ ordinal }) => ordinal === changed(later)!.ordinal);
      expect(later.events.slice(0, at)).toEqual(still.events.slice(0, at));
    },
  );
});

describe('a knob that may not', () => {
  it.each(knobs.filter(({ param }) => !param.live).map((each) => [each.name, each] as const))(
    '%s is refused in mid-run, with the reason and the way to start again',
    (_name, { id, param, pair }) => {
      const { fixed } = param.knob;
      expect(fixed).toMatch(/\w/);
      const [, to] = valuesOf(pair);
      const wish = { id, params: { [param.name]: to } };
      expect(() => resolveSystemChange(wish, resolveSystem({ id }))).toThrow(
        `"${param.name}" (${fixed}) cannot change during the run`,
      );
      expect(() => resolveSystemChange(wish, resolveSystem({ id }))).toThrow(
        `restart with --system ${id},${param.name}=${String(to)}`,
      );
    },
  );
});
