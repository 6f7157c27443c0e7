/** Parameters of the memory system during the run: what is taken, what is refused and how, and what reports and reopened files say. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { SystemChoice } from '../../../src-core/model/memory-system';
import type { RunStatus } from '../../../src-core/protocol/answers';
import { resolveSystem, resolveSystemChange } from '../../../src-core/session/scenario';
import { formatChange, parseChange } from '../../../src-core/session/run-flags';
import { SessionClient } from '../../support/session-client';
import { workloadText, writeWorkload } from './workload';

let client: SessionClient;
beforeEach(() => {
  client = new SessionClient();
});
afterEach(() => {
  client.close();
});

const change = (id: string, params: SystemChoice['params']): Promise<RunStatus> =>
  client.request('session.policy', { kind: 'system', id, params });
const textWith = (lines: string): string =>
  workloadText().replace('granularity: 4KiB\n', `granularity: 4KiB\n${lines}`);

describe('a change of parameters', () => {
  const host = resolveSystem({ id: 'host' });

  it('answers what was named, with words as the system reads them', () => {
    expect(resolveSystemChange({ id: 'host', params: { pinLimit: 7 } }, host)).toEqual({
      kind: 'system',
      id: 'host',
      params: { pinLimit: 7 },
    });
  });

  it.each([
    [
      'another system',
      { id: 'hmm', params: { thp: 'always' } },
      'this run has the memory system "host", which cannot be replaced by "hmm" during the run; change parameters of "host", or restart with --system hmm,thp=always',
    ],
    [
      'no parameter',
      { id: 'host', params: {} },
      'a change of the memory system "host" has no parameter; write system=host,name=value',
    ],
    [
      'one that is fixed at the start',
      { id: 'host', params: { mode: 'pinned', thp: 'never' } },
      'memory system "host": "mode" cannot change during the run (these can: thp, pinLimit); restart with --system host,mode=pinned,thp=never',
    ],
    [
      'one that does not exist',
      { id: 'host', params: { pinLimits: 7 } },
      'memory system "host": unknown parameter "pinLimits" (known: profile, thp, hostMemory, swap, contents, mode, pinLimit)',
    ],
  ])('is refused where it names %s', (_what, wish, message) => {
    expect(() => resolveSystemChange(wish, host)).toThrow(message);
  });

  it('is refused where the value is out of range, with the range', () => {
    expect(() => resolveSystemChange({ id: 'host', params: { pinLimit: -1 } }, host)).toThrow(
      /memory system "host": parameter "pinLimit": .*>=0/,
    );
  });

  it('is refused under the ideal system, which has none', () => {
    expect(() => resolveSystemChange({ id: 'hmm', params: { thp: 'always' } }, undefined)).toThrow(
      /this run has the memory system "ideal", which cannot be replaced by "hmm" during the run/,
    );
    expect(() => resolveSystemChange({ id: 'ideal', params: { thp: 'always' } }, undefined)).toThrow(
      /memory system "ideal": unknown parameter "thp" \(known: none\)/,
    );
  });
});

describe('a change in the file', () => {
  it('is refused where it stands', async () => {
    const target = writeWorkload(client, textWith('system: host\nchanges: ["batch:3:system=host,mode=pinned"]\n'));
    await expect(client.request('session.open', { target, options: {} })).rejects.toThrow(
      /small\.yaml:7:11: changes\[0\]: memory system "host": "mode" cannot change during the run/,
    );
  });

  it('is written as it is read', () => {
    for (const text of [
      'batch:3:system=host,pinLimit=7',
      'phase:sweep[2]:system=hmm,thp=always,exclusiveAtomics=false',
    ]) {
      const parsed = parseChange(text);
      expect(parsed.ok && formatChange(parsed.value)).toBe(text);
    }
    expect(parseChange('batch:3:system=')).toEqual({
      ok: false,
      error: '"batch:3:system=": "system=": the memory system\'s name is missing; write system=NAME',
    });
  });

  it('keeps the parameters that it does not name', async () => {
    const text = textWith(
      'system: { id: host, mode: pinned, pinLimit: 5 }\nchanges: ["batch:3:system=host,thp=never"]\n',
    );
    await client.run(writeWorkload(client, text));
    const { system } = await client.request('session.status', null);
    expect(system).toMatchObject({ id: 'host', params: { mode: 'pinned', pinLimit: 5, thp: 'never' } });
  });
});

describe('a live change', () => {
  it('waits for the next batch together with those before it, and is then in force', async () => {
    await client.request('session.open', { target: writeWorkload(client), options: { system: { id: 'host' } } });
    await client.request('session.control', { action: 'step' });
    await change('host', { pinLimit: 3 });
    const asked = await change('host', { thp: 'never' });
    expect(asked.pendingChanges).toEqual([{ kind: 'system', id: 'host', params: { pinLimit: 3, thp: 'never' } }]);
    expect(asked.system?.params).toMatchObject({ pinLimit: 0, thp: 'madvise' });
    const after = await client.request('session.control', { action: 'step' });
    expect(after.pendingChanges).toEqual([]);
    expect(after.system?.params).toMatchObject({ pinLimit: 3, thp: 'never', mode: 'notifier' });
    expect(after.policies.map(({ kind }) => kind)).toEqual(['eviction', 'prefetch', 'migration']);
  });

  it('is refused with nothing open, when it is not possible, and after the end', async () => {
    await expect(change('host', { thp: 'never' })).rejects.toThrow(/open a workload or a trace before/);
    await client.request('session.open', { target: writeWorkload(client), options: { system: { id: 'host' } } });
    await expect(change('host', { mode: 'pinned' })).rejects.toThrow(/"mode" cannot change during the run/);
    await client.finish();
    await expect(change('host', { thp: 'never' })).rejects.toThrow(/the run has ended; restart it/);
  });

  it('is on the timeline with the values that are new, in the report, and repeated from there', async () => {
    await client.request('session.open', { target: writeWorkload(client), options: { system: { id: 'hmm' } } });
    for (let i = 0; i < 30; i++) await client.request('session.control', { action: 'step' });
    await change('hmm', { exclusiveAtomics: false });
    await client.finish();
    const live = await client.request('session.summary', null);
    const [{ batch } = { batch: 0 }] = live.changes;
    const { marks } = await client.request('session.timeline', { from: 0, to: Number.MAX_SAFE_INTEGER, bins: 10 });
    expect(marks.filter(({ kind }) => kind === 'policy')).toMatchObject([
      { label: 'system=hmm', detail: `from fault batch ${batch}, exclusiveAtomics=false` },
    ]);
    const { text: html } = await client.request('session.report', { format: 'html' });
    expect(html).toContain(`--at batch:${batch}:system=hmm,exclusiveAtomics=false`);
    const path = join(client.folder, 'again.html');
    writeFileSync(path, html);
    const again = await client.run({ kind: 'path', path });
    expect(again.recordingHash).toBe(live.recordingHash);
    expect(again.findings).toEqual([]);
  });

  it('of one system is left out where others run the same workload, and the row says so', async () => {
    const target = writeWorkload(client, textWith('system: host\nchanges: ["batch:3:system=host,thp=never"]\n'));
    await client.request('session.open', { target, options: {} });
    const { rows } = await client.request('session.compare', { systems: [{ id: 'host' }, { id: 'hmm' }] });
    expect(rows.map(({ summary }) => [summary?.changes.length, summary?.findings.map(({ kind }) => kind)])).toEqual([
      [1, []],
      [0, ['change-of-other-system']],
    ]);
  });
});
