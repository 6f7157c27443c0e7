/** The ideal system was called `managed`: every place where a person or a file may still say so takes it, none writes it. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { parseChange, parseSystemFlag } from '../../../src-core/session/run-flags';
import { resolveScenario } from '../../../src-core/session/scenario';
import { r0 } from '../../../src-core/presets/machines/r0';
import { SessionClient } from '../../support/session-client';
import { bouncing, record } from '../record/recordings';
import { workloadText, writeWorkload } from './workload';

let client: SessionClient;
beforeEach(() => {
  client = new SessionClient();
});
afterEach(() => {
  client.close();
});

const infoOf = async (path: string): Promise<string> =>
  JSON.stringify((await client.request('session.open', { target: { kind: 'path', path }, options: {} })).scenario);

it('a workload file that says managed runs on the ideal system, and its recording is the same', async () => {
  const plain = await client.run(writeWorkload(client));
  const named = workloadText().replace('machine: r0\n', 'machine: r0\nsystem: managed\n');
  const summary = await client.run(writeWorkload(client, named));
  expect(summary.recordingHash).toBe(plain.recordingHash);
  expect((await client.request('session.report', { format: 'json' })).text).not.toContain('"id": "managed"');
});

it('a flag that says managed is the ideal system', () => {
  const flag = parseSystemFlag('managed');
  if (!flag.ok) throw new Error(flag.error);
  expect(resolveScenario({}, { system: flag.value }, r0)).toEqual(resolveScenario({}, {}, r0));
});

it('a change that says managed is one of the ideal system', () => {
  const change = parseChange('batch:2:system=managed,thp=always');
  if (!change.ok) throw new Error(change.error);
  expect(() => resolveScenario({}, { changes: [change.value] }, r0)).toThrow(
    'memory system "ideal": unknown parameter "thp"',
  );
});

it('a comparison and the list of knobs answer with today’s name', async () => {
  await client.request('session.open', { target: writeWorkload(client), options: {} });
  const { rows } = await client.request('session.compare', { systems: [{ id: 'managed' }] });
  expect(rows.map(({ system, title }) => [system.id, title])).toEqual([['ideal', 'Ideal (rule set R0)']]);
  const { system } = await client.request('session.knobs', { system: { id: 'managed' } });
  expect(system.id).toBe('ideal');
});

it('a report whose scenario says managed can be run again', async () => {
  await client.run(writeWorkload(client));
  const { text } = await client.request('session.report', { format: 'html' });
  const old = text.replace(/options(&quot;|")( ?: ?){/, (found, quote: string) =>
    `${found}"system":{"id":"managed","params":{}},`.replaceAll('"', quote),
  );
  expect(old).not.toBe(text);
  const path = join(client.folder, 'old.html');
  writeFileSync(path, old);
  expect(await infoOf(path)).not.toContain('"system"');
});

it('a recording whose scenario says managed opens as one of the ideal system', async () => {
  const { bytes } = await record(bouncing(2), { system: { id: 'managed', params: {} } });
  const path = join(client.folder, 'old.arrow');
  writeFileSync(path, bytes);
  expect(await infoOf(path)).not.toContain('"system"');
});
