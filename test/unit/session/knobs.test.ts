/** Knobs through the protocol: of the current run with the values in force, as files, and from files. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { platformFacts } from '../../../src-core/contracts/knobs';
import { gh200 } from '../../../src-core/presets/machines/gh200';
import { pcie4x16g } from '../../../src-core/presets/machines/pcie4-16g';
import { r0 } from '../../../src-core/presets/machines/r0';
import { SessionClient } from '../../support/session-client';
import { workloadText, writeWorkload } from './workload';

let client: SessionClient;
beforeEach(() => {
  client = new SessionClient();
});
afterEach(() => {
  client.close();
});

const whyOf = async (system: string, knob: string, machine?: string): Promise<string | null> => {
  const [id = '', ...params] = system.split(',');
  const given = Object.fromEntries(
    params.map((param) => {
      const [name = '', value = ''] = param.split('=');
      return [
        name,
        /^-?[0-9]+$/.test(value) ? Number(value) : value === 'true' || value === 'false' ? value === 'true' : value,
      ];
    }),
  );
  const { rows } = await client.request('session.knobs', {
    system: { id, params: given },
    ...(machine === undefined ? {} : { machine }),
  });
  return rows.find(({ param }) => param.knob.name === knob)!.withoutEffect;
};

describe('what a machine is', () => {
  it('follows from its description', () => {
    expect([...platformFacts(r0, 1)].sort()).toEqual([
      'counts-only',
      'no-ats',
      'no-cpu-link',
      'one-device',
      'pages-4k',
    ]);
    expect([...platformFacts(pcie4x16g, 2)].sort()).toEqual(['no-ats', 'no-cpu-link', 'pages-4k']);
    expect([...platformFacts(gh200, 1)].sort()).toEqual(['ats', 'numa-device', 'one-device', 'pages-64k']);
  });
});

describe('a knob that does nothing', () => {
  it.each([
    ['nvidia-uvm', 'uvm_perf_prefetch_threshold', 'pcie4-16g', null],
    ['nvidia-uvm,uvm_perf_prefetch_enable=false', 'uvm_perf_prefetch_threshold', 'pcie4-16g', 'prefetching is off'],
    [
      'nvidia-uvm',
      'uvm_perf_thrashing_nap',
      'r0',
      'thrashing detection needs the time between two moves of a page, and this machine has no clock',
    ],
    ['nvidia-uvm', 'uvm_perf_lapse_vote_threshold', 'pcie4-16g', null],
    [
      'nvidia-uvm,uvm_perf_thrashing_lapse_usec=400',
      'uvm_perf_lapse_vote_threshold',
      'pcie4-16g',
      'the driver adapts the lapse only while uvm_perf_thrashing_lapse_usec is 500',
    ],
    [
      'nvidia-uvm',
      'uvm_perf_access_counter_threshold',
      'pcie4-16g',
      'access-counter migrations are on by default only where the device walks the page tables of the host (ATS)',
    ],
    [
      'nvidia-uvm,uvm_perf_access_counter_migration_enable=1',
      'uvm_perf_access_counter_threshold',
      'pcie4-16g',
      'on a kernel with 4 KiB pages this driver reports access counters to tools and moves nothing',
    ],
    ['gh-ats', 'uvm_perf_access_counter_threshold', 'gh200', null],
    [
      'nvidia-uvm,uvm_perf_fault_replay_policy=once',
      'uvm_perf_fault_replay_update_put_ratio',
      'pcie4-16g',
      'the buffer is flushed only under the replay policy batch_flush',
    ],
    ['coherent,numaBalancing=false', 'scan_period_min_ms', 'pcie4-16g', 'NUMA balancing is off, so nothing is scanned'],
    ['tiering,hostMemory=8', 'demotion_enabled', 'pcie4-16g', null],
  ])('%s: %s on %s: %s', async (system, knob, machine, why) => {
    expect(await whyOf(system, knob, machine)).toBe(why);
  });
});

describe('the knobs of a run', () => {
  it('stand as they are in force, on the machine of the run', async () => {
    const text = workloadText().replace('machine: r0', 'machine: pcie4-16g');
    await client.request('session.open', {
      target: writeWorkload(client, text),
      options: { system: { id: 'coherent', params: { accessCounters: 3 } } },
    });
    await client.request('session.control', { action: 'step' });
    await client.request('session.policy', { kind: 'system', id: 'coherent', params: { numaBalancing: false } });
    await client.request('session.control', { action: 'step' });
    const { system, machine, rows } = await client.request('session.knobs', {});
    expect([system.id, machine]).toEqual(['coherent', 'pcie4-16g']);
    expect(rows.map(({ param, value }) => [param.name, value])).toMatchObject([
      ['thp', 'madvise'],
      ['numaBalancing', false],
      ['scanPeriodMs', 1000],
      ['accessCounters', 3],
      ['kernelAllocations', false],
      ['emergency', false],
    ]);
    expect(rows[2]!.withoutEffect).toMatch(/NUMA balancing is off/);
    const { files, left } = await client.request('session.exportKnobs', { all: false });
    expect(files.map(({ format, holds }) => [format, holds])).toEqual([
      ['sysctl', ['numa_balancing']],
      ['cmdline', ['numa_balancing']],
    ]);
    expect(left).toMatchObject([{ name: 'accessCounters', value: 3 }]);
  });

  it('are none under the ideal system, and r0 is the machine where nothing is open', async () => {
    expect(await client.request('session.knobs', {})).toEqual({
      system: { id: 'ideal', params: {} },
      machine: 'r0',
      rows: [],
    });
    await expect(client.request('session.knobs', { system: { id: 'hm' } })).rejects.toThrow(/no memory system "hm"/);
    await expect(client.request('session.knobs', { machine: 'r1' })).rejects.toThrow(/no machine preset "r1"/);
  });
});

describe('files that are read', () => {
  const files = [
    { name: 'a.conf', text: 'kernel.numa_balancing = 2\nkernel.numa_balancing_promote_rate_limit_MBps = 9\n' },
  ];

  it('are of the run in hand, or else of the system that knows most of them', async () => {
    expect(await client.request('session.importKnobs', { files })).toEqual({
      system: 'tiering',
      params: { promotion: true, promoteRateMbps: 9 },
      findings: [],
      unknown: [],
    });
    await client.request('session.open', { target: writeWorkload(client), options: { system: { id: 'coherent' } } });
    const { system, params, findings, unknown } = await client.request('session.importKnobs', { files });
    expect({ system, params }).toEqual({ system: 'coherent', params: {} });
    expect(findings).toMatchObject([{ kind: 'knob-value', severity: 'error', place: { file: 'a.conf', line: 1 } }]);
    expect(unknown).toMatchObject([{ name: 'kernel.numa_balancing_promote_rate_limit_MBps', knownTo: 'tiering' }]);
  });

  it('are refused for a system that does not exist', async () => {
    await expect(client.request('session.importKnobs', { files, system: 'hm' })).rejects.toThrow(
      /no memory system "hm"; did you mean "hmm"\?/,
    );
  });
});
