/** Every registered memory system takes what it declares as live during the run, and asked for or scheduled it is the same run. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { SystemEntry } from '../../src-core/contracts/memory-system';
import { POLICY } from '../../src-core/model/events';
import type { SystemChange } from '../../src-core/model/scenario';
import { memorySystems } from '../../src-core/systems';
import type { RunOptions } from '../../src-core/protocol/parameters';
import { openRecording } from '../../src-core/record/arrow-reader';
import { openFileSource } from '../../src-main/io/file-source';
import { SessionClient } from '../support/session-client';

/** Both sides use everything, the device holds half of it, and time passes: each parameter has something to decide. */
const WORKLOAD = `faultline: 1
name: contract
machine: pcie4-16g
deviceMemory: 4MiB
granularity: 64KiB
objects:
  a: { size: 4MiB, element: f64 }
  b: { size: 4MiB, element: f64 }
phases:
  - name: init
    steps:
      - on: cpu
        do: [ { write: a, pattern: strided, stride: 512 }, { write: b, pattern: strided, stride: 512 } ]
  - name: sweep
    repeat: 4
    steps:
      - on: gpu
        do: [ { together: [ { read: a, pattern: strided, stride: 512 }, { write: b, pattern: strided, stride: 512 } ] } ]
      - on: cpu
        do: [ { read: b, part: [0, 0.25], pattern: strided, stride: 512 } ]
`;
/** A batch in the middle of the run of every system: the CPU alone first touches a thousand pages or two huge ones. */
const AT = 4;

let client: SessionClient;
beforeEach(() => {
  client = new SessionClient();
});
afterEach(() => {
  client.close();
});

const target = () => {
  const path = join(client.folder, 'contract.yaml');
  writeFileSync(path, WORKLOAD);
  return { kind: 'path', path } as const;
};

interface Field {
  readonly type?: string;
  readonly default?: number | string | boolean;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly enum?: readonly string[];
}
/** For each live parameter a value that is not its default. */
function otherValues(entry: SystemEntry): SystemChange['params'] {
  const { properties = {} } = z.toJSONSchema(entry.schema, { io: 'input' }) as { properties?: Record<string, Field> };
  return Object.fromEntries(
    Object.entries(properties).flatMap(([name, field]): [string, number | string | boolean][] => {
      if (!entry.live.has(name)) return [];
      if (field.enum) return [[name, field.enum.find((word) => word !== field.default)!]];
      if (field.type === 'boolean') return [[name, field.default !== true]];
      return [[name, field.default === field.minimum ? field.minimum! + 1 : field.minimum!]];
    }),
  );
}
const optionsOf = (entry: SystemEntry, params: SystemChange['params']): RunOptions => ({
  system: { id: entry.id },
  changes: [{ moment: { at: 'batch', batch: AT }, policy: { kind: 'system', id: entry.id, params } }],
});

const systems = memorySystems.filter(({ live }) => live.size > 0);

describe.each(systems.map((entry) => [entry.id, entry] as const))('%s', (id, entry) => {
  const others = otherValues(entry);

  it.each(Object.entries(others))('takes %s = %s in mid-run', async (name, value) => {
    const run = await client.run(target(), optionsOf(entry, { [name]: value }));
    expect(run.complete).toBe(true);
    expect(run.changes).toMatchObject([{ batch: AT, policy: { kind: 'system', id, params: { [name]: value } } }]);
  });

  it('makes the same recording whether a person asks or the scenario does, and the row says every value', async () => {
    await client.request('session.open', { target: target(), options: { system: { id } } });
    for (let batch = 1; batch < AT; batch++) await client.request('session.control', { action: 'step' });
    const half = Math.floor(Object.keys(others).length / 2);
    const entries = Object.entries(others);
    // Two requests before the batch: one change of all of them.
    for (const part of [entries.slice(0, half), entries.slice(half)])
      if (part.length > 0)
        await client.request('session.policy', { kind: 'system', id, params: Object.fromEntries(part) });
    await client.finish();
    const live = await client.request('session.summary', null);
    expect(live.changes).toMatchObject([{ origin: 'live', policy: { kind: 'system', id, params: others } }]);
    const path = join(client.folder, 'live.arrow');
    await client.request('session.saveRecording', { path });

    const [change] = live.changes;
    const scheduled = await client.run(target(), optionsOf(entry, others));
    expect(change?.batch).toBeGreaterThanOrEqual(AT);
    const again =
      change?.batch === AT
        ? scheduled
        : await client.run(target(), {
            system: { id },
            changes: [{ moment: { at: 'batch', batch: change!.batch }, policy: change!.policy }],
          });
    expect(again.recordingHash).toBe(live.recordingHash);
    expect(again.totals).toEqual(live.totals);

    const rows: string[] = [];
    const recording = await openRecording(await openFileSource(path));
    for await (const chunk of recording.chunks(null)) rows.push(...chunk.blocks[POLICY]!.details);
    const defaults = entry.parse({});
    expect(rows.map((row) => JSON.parse(row) as unknown)).toEqual([
      { kind: 'system', id, params: { ...(defaults.ok ? defaults.value : {}), ...others } },
    ]);
    await client.request('session.open', { target: { kind: 'path', path }, options: {} });
    const status = await client.request('session.status', null);
    expect(status.system).toMatchObject({ id, params: others });
    expect((await client.request('session.summary', null)).findings).toEqual(live.findings);
  });
});
