/** Memory systems as a choice: in the file, as an option, in the repetition of a run, and side by side. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ComparisonRow } from '../../../src-core/model/comparison';
import type { RunSummary } from '../../../src-core/model/summary';
import { memorySystems } from '../../../src-core/systems';
import { r0 } from '../../../src-core/presets/machines/r0';
import type { RunOptions } from '../../../src-core/protocol/parameters';
import {
  checkSystemSpace,
  MAX_LINUX_PAGES,
  resolveScenario,
  resolveSystem,
  type FileWishes,
} from '../../../src-core/session/scenario';
import { loadWorkload, placeInWorkload } from '../../../src-core/workload';
import { SessionClient } from '../../support/session-client';
import { workloadText, writeWorkload } from './workload';

/** The kernel writes b, the CPU reads a quarter of it, and at the end a call takes a away. */
const text = (system = ''): string =>
  workloadText(3).replace('granularity: 4KiB\n', `granularity: 4KiB\n${system}`) +
  '  - name: end\n    steps:\n      - os: { munmap: a, part: [0.5, 1] }\n      - on: cpu\n        do: [ { read: a } ]\n';

let client: SessionClient;
beforeEach(() => {
  client = new SessionClient();
});
afterEach(() => {
  client.close();
});

const messageOf = async (act: Promise<unknown>): Promise<string> =>
  act.then(
    () => 'it was accepted',
    (cause: unknown) => String(cause),
  );

describe('the system of a scenario', () => {
  it('is left out where it is the ideal one, so that recordings stay as they were', () => {
    const plain = resolveScenario({}, {}, r0);
    expect(plain).not.toHaveProperty('system');
    expect(resolveScenario({ system: { id: 'ideal' } }, {}, r0)).toEqual(plain);
    expect(resolveScenario({}, { system: { id: 'ideal' } }, r0)).toEqual(plain);
  });

  it('is the option, else that of the file, with all parameters filled in', () => {
    const file = { system: { id: 'hmm', params: { thp: 'always' } } };
    const filed = resolveScenario(file, {}, r0).system;
    expect(filed).toMatchObject({ id: 'hmm', params: { thp: 'always', profile: 'cur', contents: false } });
    expect(resolveScenario(file, { system: { id: 'copy' } }, r0).system?.id).toBe('copy');
    expect(resolveScenario(file, { system: { id: 'ideal' } }, r0)).not.toHaveProperty('system');
  });

  it('takes a word that looks like a number, as flags and files give it', () => {
    const words = resolveSystem({ id: 'hmm', params: { profile: 612 } });
    expect(words).toEqual(resolveSystem({ id: 'hmm', params: { profile: '612' } }));
    expect(words?.params['profile']).toBe('612');
  });

  it.each([
    [{ id: 'hm' }, /no memory system "hm"; did you mean "hmm"\? \(expected one of ideal, hmm, coherent/],
    [{ id: 'hmm', params: { tph: 'always' } }, /"hmm": unknown parameter "tph" \(known: .*thp/],
    [{ id: 'hmm', params: { thp: 'perhaps' } }, /"hmm": parameter "thp"/],
    [{ id: 'ideal', params: { thp: 'always' } }, /"ideal": unknown parameter "thp"/],
  ])('%j is refused with what is right', (wish, message) => {
    expect(() => resolveSystem(wish)).toThrow(message);
  });

  it.each([
    ['hhm', 'f:3:9: system: there is no memory system "hhm"; did you mean "hmm"? (expected one of ideal, hmm, '],
    ['{ id: cxl }', 'f:3:15: system.id: there is no memory system "cxl"; known are ideal, hmm, coherent, '],
    ['{ id: hmm, tph: 1 }', 'f:3:9: system: memory system "hmm": unknown parameter "tph"'],
  ])('%s in a file is refused with its place', (system, expected) => {
    const workload = loadWorkload(
      `faultline: 1\nname: t\nsystem: ${system}\nobjects: { a: { elements: 1 } }\nphases: [ { name: p, steps: [ { on: cpu, do: [ { read: a } ] } ] } ]`,
      'f',
    );
    const place: FileWishes['place'] = (path) => placeInWorkload(workload, path);
    expect(() => resolveScenario({ ...workload, place }, {}, r0)).toThrow(expected);
  });

  it('takes address spaces of up to 64 GiB under systems that work on single pages', () => {
    const hmm = resolveSystem({ id: 'hmm' });
    const most = MAX_LINUX_PAGES * 4096;
    expect(() => checkSystemSpace(most, hmm)).not.toThrow();
    expect(() => checkSystemSpace(most + 1, hmm)).toThrow(/supports at most 16,777,216 \(64GiB\)/);
    expect(() => checkSystemSpace(most + 1, undefined)).not.toThrow();
  });

  it('is refused where it stands in the file', async () => {
    const target = writeWorkload(client, text('system: { id: hmm, thp: perhaps }\n'));
    const message = await messageOf(client.request('session.open', { target, options: {} }));
    expect(message).toMatch(/small\.yaml:6:9: system: .*parameter "thp"/);
  });
});

describe('a run under a memory system', () => {
  it('times the steps of all processors, whatever the system: the table compares them', async () => {
    for (const { id } of memorySystems) {
      const run = await client.run(writeWorkload(client, workloadText(2)), { machine: 'pcie4-16g', system: { id } });
      // One write by the CPU, then twice a kernel and a read.
      if (run.system) expect(run.system.numbers.workItems?.count, id).toBe(1 + 2 * 2);
    }
  });

  it('is repeated by the command of its report, and by opening the report', async () => {
    const first = await client.run(writeWorkload(client, text()), {
      system: { id: 'hmm', params: { contents: true } },
    });
    expect(first.system).toMatchObject({ id: 'hmm', params: { contents: true } });
    const { text: html } = await client.request('session.report', { format: 'html' });
    const command = /npx faultline run [^<]*/.exec(html)?.[0] ?? '';
    expect(command).toMatch(/--system hmm,.*contents=true/);
    const path = join(client.folder, 'again.html');
    writeFileSync(path, html);
    const again = await client.run({ kind: 'path', path });
    expect(again.recordingHash).toBe(first.recordingHash);
    expect(again.system).toEqual(first.system);
    expect(again.findings).toEqual([]);
  });

  it('shows its calls and outcomes, also when its recording is opened again', async () => {
    const first = await client.run(writeWorkload(client, text('system: hmm\n')));
    const ask = { from: 0, to: Number.MAX_SAFE_INTEGER, bins: 10 };
    const marksOf = async () =>
      (await client.request('session.timeline', ask)).marks.filter(({ kind }) => kind === 'os' || kind === 'outcome');
    const marks = await marksOf();
    expect(marks).toMatchObject([
      { kind: 'os', label: 'munmap', detail: 'ok, in a' },
      { kind: 'outcome', label: 'cpu read', detail: 'SIGSEGV, in a' },
    ]);
    const path = join(client.folder, 'run.arrow');
    await client.request('session.saveRecording', { path });
    await client.request('session.open', { target: { kind: 'path', path }, options: {} });
    expect(await marksOf()).toEqual(marks);
    expect(await client.request('session.summary', null)).toEqual(first);
  });

  it('is told by an unfinished run too, so that its snapshot can be run again', async () => {
    await client.request('session.open', { target: writeWorkload(client, text('system: copy\n')), options: {} });
    await client.request('session.control', { action: 'step' });
    const { text: json } = await client.request('session.report', { format: 'json' });
    expect(JSON.parse(json)).toMatchObject({ complete: false, scenario: { options: { system: { id: 'copy' } } } });
  });
});

describe('a comparison', () => {
  const systems = [{ id: 'hmm', params: { contents: true } }, { id: 'copy' }, { id: 'ideal' }];
  const open = (): Promise<unknown> =>
    client.request('session.open', { target: writeWorkload(client, text()), options: {} });

  it('gives each system the run that it would have had alone, and leaves the open run as it was', async () => {
    await open();
    await client.request('session.control', { action: 'step' });
    const before = await client.request('session.summary', null);
    const { rows } = await client.request('session.compare', { systems });
    expect(await client.request('session.summary', null)).toEqual(before);
    expect(rows.map(({ system, refusal }) => [system.id, refusal])).toEqual([
      ['hmm', null],
      ['copy', null],
      ['ideal', null],
    ]);
    for (const [index, system] of systems.entries()) {
      const alone: RunSummary = await client.run(writeWorkload(client, text()), { system });
      expect(rows[index]!.summary).toEqual(alone);
    }
  });

  it('goes into the reports of the workload, under whatever system it runs next, and of no other input', async () => {
    await open();
    const { rows } = await client.request('session.compare', { systems });
    const json = async (): Promise<{ comparison?: readonly ComparisonRow[] }> =>
      JSON.parse((await client.request('session.report', { format: 'json' })).text) as {
        comparison?: readonly ComparisonRow[];
      };
    expect((await json()).comparison).toEqual(JSON.parse(JSON.stringify(rows)));
    const { text: html } = await client.request('session.report', { format: 'html', only: ['compared-systems'] });
    expect(html).toContain('hmm contents=true');
    const { text: csv } = await client.request('session.report', { format: 'csv' });
    expect(csv.split('\r\n').map((line) => line.split(',').slice(0, 2).join())).toEqual([
      'row,name',
      'system,hmm contents=true',
      'system,copy',
      'system,ideal',
      '',
    ]);
    const again = (options: RunOptions, input = text()): Promise<unknown> =>
      client.request('session.open', { target: writeWorkload(client, input), options });
    await again({ system: { id: 'hmm' } });
    expect((await json()).comparison).toEqual(JSON.parse(JSON.stringify(rows)));
    await again({ deviceMemoryBytes: 2 ** 26 });
    expect(await json()).not.toHaveProperty('comparison');
    await again({}, text().replace('repeat: 3', 'repeat: 4'));
    expect(await json()).not.toHaveProperty('comparison');
  });

  it('keeps the row of a system that cannot be run, with the reason', async () => {
    const large = `faultline: 1
name: large
deviceMemory: 64MiB
granularity: 2MiB
objects: { a: { size: 65GiB, element: f64 } }
phases:
  - name: touch
    steps: [ { on: cpu, do: [ { read: a, part: [0, 0.0001] } ] } ]
`;
    await client.request('session.open', { target: writeWorkload(client, large), options: {} });
    const { rows } = await client.request('session.compare', { systems: [{ id: 'hmm' }] });
    const { blocks } = await client.request('session.report', { format: 'blocks', only: ['compared-systems'] });
    expect(rows).toMatchObject([{ summary: null, refusal: expect.stringMatching(/works on single pages/) as unknown }]);
    expect(JSON.stringify(blocks)).toContain('hmm could not be run: ');
  });

  it('is refused before the first run where a system does not exist', async () => {
    await open();
    const message = await messageOf(client.request('session.compare', { systems: [{ id: 'hmm' }, { id: 'hm' }] }));
    expect(message).toMatch(/no memory system "hm"/);
    expect(
      client.events.some(({ event, ...rest }) => event === 'status' && JSON.stringify(rest).includes('running under')),
    ).toBe(false);
  });

  it('reports progress, can be cancelled, and refuses to open files meanwhile', async () => {
    await client.request('session.open', {
      target: writeWorkload(client, text().replace('repeat: 3', 'repeat: 4000')),
      options: {},
    });
    const running = messageOf(client.request('session.compare', { systems }));
    await new Promise((resolve) => setTimeout(resolve, 50));
    const status = await client.request('session.status', null);
    expect(status.doing).toMatch(/^running under HMM.* \(1 of 3\)$/);
    expect(status.progress).toBeGreaterThanOrEqual(0);
    expect(await messageOf(open())).toMatch(/a comparison of memory systems is running; wait for it or cancel it/);
    const asked = performance.now();
    await client.request('session.cancel', null);
    expect(await running).toMatch(/cancelled/);
    expect(performance.now() - asked).toBeLessThan(2000); // the whole run takes half a minute
    expect((await client.request('session.status', null)).doing).toBe('');
    await open();
  });

  it('is not offered for a finished recording', async () => {
    await client.run(writeWorkload(client, text()));
    const path = join(client.folder, 'run.arrow');
    await client.request('session.saveRecording', { path });
    expect(readFileSync(path).length).toBeGreaterThan(0);
    await client.request('session.open', { target: { kind: 'path', path }, options: {} });
    expect(await messageOf(client.request('session.compare', { systems }))).toMatch(/open its workload file before/);
  });
});
