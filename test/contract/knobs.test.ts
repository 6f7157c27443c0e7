/** Where a knob is said to do nothing, it does nothing: the same run with another value of it, to the last bit. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { knobParams, platformFacts, type KnobParam } from '../../src-core/contracts/knobs';
import type { SystemEntry } from '../../src-core/contracts/memory-system';
import type { ParamValues } from '../../src-core/contracts/params';
import type { KnobCondition, KnobValue } from '../../src-core/model/knob';
import { memorySystems } from '../../src-core/systems';
import { machines } from '../../src-core/presets';
import { SessionClient } from '../support/session-client';

/** Sweeps over twice the device's memory, a page that both sides want, and host memory that runs short. */
const WORKLOAD = `faultline: 1
name: idle knobs
deviceMemory: 4MiB
granularity: 4KiB
objects:
  a: { size: 6MiB, element: f64 }
  hot: { size: 4KiB, element: f64 }
phases:
  - name: init
    steps: [ { on: cpu, do: [ { write: a, pattern: strided, stride: 512 }, { write: hot } ] } ]
  - name: sweep
    repeat: 6
    steps:
      - on: gpu
        do: [ { readwrite: a, pattern: strided, stride: 512 }, { atomic: hot, part: [0, 0.1] } ]
      - on: cpu
        do: [ { read: a, part: [0, 0.1], pattern: strided, stride: 512 }, { write: hot, part: [0, 0.1] } ]
`;

let client: SessionClient;
beforeAll(() => {
  client = new SessionClient();
  writeFileSync(join(client.folder, 'idle.yaml'), WORKLOAD);
});
afterAll(() => {
  client.close();
});

const choices = (param: KnobParam): readonly KnobValue[] =>
  param.type === 'choice' ? param.values! : param.type === 'boolean' ? [false, true] : [param.min!, param.max!];
const otherThan = (param: KnobParam, value: KnobValue): KnobValue => choices(param).find((each) => each !== value)!;

/** A machine and parameters under which all conditions hold; null: no machine that ships is so. */
function situation(
  entry: SystemEntry,
  when: readonly KnobCondition[],
): { readonly machine: string; readonly params: ParamValues } | null {
  const params: Record<string, KnobValue> = {};
  const knobs = knobParams(entry);
  for (const condition of when)
    if ('param' in condition) {
      const param = knobs.find(({ name }) => name === condition.param);
      params[condition.param] = 'is' in condition ? condition.is : otherThan(param!, condition.isNot);
    }
  const facts = when.flatMap((condition) => ('fact' in condition ? [condition.fact] : []));
  const able = machines.filter((machine) => machine.gpu !== undefined || machine.timing === null || facts.length === 0);
  const machine = able.find((each) => facts.every((fact) => platformFacts(each, 1).has(fact)));
  return machine ? { machine: machine.id, params } : null;
}

const run = async (entry: SystemEntry, machine: string, params: ParamValues): Promise<string> => {
  const target = { kind: 'path', path: join(client.folder, 'idle.yaml') } as const;
  const summary = await client.run(target, { machine, system: { id: entry.id, params }, spool: false });
  expect(summary.complete).toBe(true);
  return summary.recordingHash;
};

const notes = memorySystems.flatMap((entry) =>
  knobParams(entry).flatMap((param) =>
    (param.knob.noEffect ?? []).map((note) => ({ entry, param, note, name: `${entry.id}: ${param.knob.name}` })),
  ),
);

describe('a knob without an effect in this model', () => {
  it.each(notes.map(({ name, note, entry, param }) => [name, note.why, entry, param, note] as const))(
    '%s, as %s',
    async (_name, _why, entry, param, note) => {
      const where = situation(entry, note.when);
      expect(where, 'a machine that ships meets the conditions').not.toBeNull();
      const { machine, params } = where!;
      const given = params[param.name] ?? param.initial;
      const here = await run(entry, machine, { ...params, [param.name]: given });
      for (const value of choices(param))
        if (value !== given) expect(await run(entry, machine, { ...params, [param.name]: value })).toBe(here);
    },
  );
});
