import { describe, expect, it } from 'vitest';
import { COLOURS, objectColour } from '../../../src-core/model/catalog/colours';
import { countedOf, METRIC_TABLE, metricText, SUMMARY_METRICS } from '../../../src-core/model/catalog/metrics';
import { columnText, objectColumns, type ObjectNumbers } from '../../../src-core/model/catalog/object-columns';
import { REASON_TABLE } from '../../../src-core/model/catalog/reasons';
import * as events from '../../../src-core/model/events';
import { LEDGER_METRICS, metricIndex, reasonCode } from '../../../src-core/model/events';
import { tracksOf } from '../../../src-core/timeline/tracks';

/** Stored in recordings: a code never changes its meaning, so this list only grows at its end. */
const storedReasons = [
  ...['none', 'first-touch', 'not-resident', 'remote-map', 'fault', 'prefetch', 'access-counter', 'capacity'],
  ...['begin', 'end', 'changed', 'no-permission', 'numa-hint', 'device-exclusive', 'hmm-mirror', 'explicit'],
  ...['copy-in', 'copy-out', 'evacuate', 'pin', 'demote', 'promote', 'swap-in', 'call', 'outcome', 'queue-stop'],
  ...['queue-start', 'driver-event'],
];

describe('reasons', () => {
  it('keep the codes that recordings store', () => {
    expect(REASON_TABLE.map(({ id }) => id).slice(0, storedReasons.length)).toEqual(storedReasons);
  });

  it('have a title, a short title and a meaning that names the events that carry them', () => {
    for (const { id, title, short, means } of REASON_TABLE) {
      expect(title, id).not.toBe('');
      expect(short.length, id).toBeLessThanOrEqual(title.length);
      if (id !== 'none') expect(means, id).toMatch(/^(fault|migration|eviction|step|policy|os)(, migration)?: \w/);
    }
  });

  it('have colours that differ within one lane and direction, so that a legend can be read', () => {
    const { tracks } = tracksOf(false);
    for (const lane of ['faults.cpu.', 'faults.gpu.', 'bytes.toDevice.', 'bytes.toHost.']) {
      const colours = tracks.filter(({ id }) => id.startsWith(lane)).map(({ colour }) => colour);
      expect(colours.length).toBeGreaterThan(5);
      expect(new Set(colours).size, lane).toBe(colours.length);
    }
  });
});

/** Positions in ledger rows and statistics: the list only grows at its end. */
const storedMetrics = [
  ...['cpuFaults', 'gpuFaults', 'bytesToDevice', 'bytesToHost', 'migrations', 'evictions', 'deadBytesToDevice'],
  ...['deadBytesToHost', 'unresolvedBytesToDevice', 'unresolvedBytesToHost', 'usefulBytesToDevice'],
  ...['usefulBytesToHost', 'remoteBytes', 'pingPongs', 'stallPs', 'prefetchedBytes', 'bytesPeer', 'cpuReads'],
  ...['cpuWrites', 'cpuReadWrites', 'cpuAtomics', 'gpuReads', 'gpuWrites', 'gpuReadWrites', 'gpuAtomics'],
];
const storedLedger = [
  ...['deadBytesToDevice', 'deadBytesToHost', 'unresolvedBytesToDevice', 'unresolvedBytesToHost'],
  ...['usefulBytesToDevice', 'usefulBytesToHost', 'remoteBytes', 'pingPongs', 'stallPs', 'cpuReads', 'cpuWrites'],
  ...['cpuReadWrites', 'cpuAtomics', 'gpuReads', 'gpuWrites', 'gpuReadWrites', 'gpuAtomics'],
];

describe('kinds of events', () => {
  it('keep the codes that recordings store', () => {
    const { FAULT, MIGRATION, EVICTION, STEP, LEDGER, POLICY, END, OS } = events;
    expect([FAULT, MIGRATION, EVICTION, STEP, LEDGER, POLICY, END, OS].map((code) => events.EVENT_KINDS[code])).toEqual(
      ['fault', 'migration', 'eviction', 'step', 'ledger', 'policy', 'end', 'os'],
    );
  });
});

describe('metrics', () => {
  it('keep the positions that recordings store', () => {
    expect(METRIC_TABLE.map(({ id }) => id).slice(0, storedMetrics.length)).toEqual(storedMetrics);
    expect(LEDGER_METRICS.slice(0, storedLedger.length)).toEqual(storedLedger);
  });

  it('give the fields of a summary; times are whole, and null on a machine without timing', () => {
    const of = (id: (typeof METRIC_TABLE)[number]['id']): number => metricIndex(id) + 0.25;
    expect(countedOf(of, true)).toMatchObject({ cpuFaults: 0.25, stallPs: metricIndex('stallPs') });
    expect(countedOf(of, false)).toMatchObject({ gpuFaults: 1.25, stallPs: null });
    expect(Object.keys(countedOf(of, true))).toEqual(SUMMARY_METRICS.map(({ id }) => id));
    expect(countedOf(of, true)).not.toHaveProperty('bytesPeer');
  });

  it('read in their unit', () => {
    const text = (id: string, value: number | null) =>
      metricText(
        METRIC_TABLE.find((row) => row.id === id)!,
        value,
      );
    expect(text('gpuFaults', 1234)).toBe('1,234');
    expect(text('bytesToHost', 65536)).toBe('64 KiB');
    expect(text('stallPs', 3_000_000)).toBe('3 µs');
    expect(text('stallPs', null)).toBe('–');
  });
});

describe('columns of the object table', () => {
  const row = (over: Partial<ObjectNumbers>): ObjectNumbers => ({
    ...countedOf(() => 0, true),
    name: 'a',
    bytes: 65536,
    usefulBytes: 0,
    ...over,
  });
  const cell = (id: string, one: ObjectNumbers, all = row({ stallPs: 200 })): string =>
    columnText(
      objectColumns(true).find((column) => column.id === id)!,
      one,
      all,
    );

  it('hold what every metric with a column counts, and shares of the whole', () => {
    const one = row({ gpuFaults: 7, bytesToDevice: 1024, bytesToHost: 3072, deadBytesToHost: 512, stallPs: 50 });
    expect(objectColumns(true).map(({ id }) => cell(id, one))).toEqual([
      ...['a', '64 KiB', '25 %', '0', '7', '1 KiB', '3 KiB', '0', '0 B', '0', '512 B', '0 %'],
    ]);
  });

  it('say that a number is not there instead of zero', () => {
    expect(cell('useful', row({ usefulBytes: null, bytesToHost: 1 }))).toBe('–');
    expect(cell('useful', row({}))).toBe('–');
    expect(cell('stall', row({ stallPs: null }))).toBe('–');
    expect(objectColumns(false).map(({ id }) => id)).not.toContain('stall');
  });
});

describe('tracks', () => {
  it('derive from the reasons: one per side for faults, one per direction for bytes', () => {
    const find = (id: string) => tracksOf(false).tracks.find((track) => track.id === id);
    expect(find('faults.gpu.hmm-mirror')).toMatchObject({
      title: 'GPU faults, HMM mirror',
      short: 'GPU HMM mirror',
      colour: 'ochre',
      down: false,
    });
    expect(find('faults.cpu.remote-map')).toMatchObject({ short: 'CPU remote mapping', unit: 'count' });
    expect(find('bytes.toHost.eviction')).toMatchObject({ title: 'to host, eviction', unit: 'bytes', down: true });
    expect(find('bytes.toDevice.copy-in')).toMatchObject({ title: 'to device, explicit copy in', down: false });
    expect(find('bytes.toHost.call')).toBeUndefined();
  });

  it('of the ideal system are those that it can have', () => {
    const ids = tracksOf(true).tracks.map(({ id }) => id);
    expect(ids).toHaveLength(2 * 3 + 2 * 4);
    expect(ids).not.toContain('faults.gpu.hmm-mirror');
  });

  it('take the events of their reason, and those of a reason that this version does not know go to the first', () => {
    const { tracks, gpuFaults, toHost } = tracksOf(false);
    expect(tracks[gpuFaults[reasonCode('swap-in')]!]?.id).toBe('faults.gpu.swap-in');
    expect(tracks[toHost[reasonCode('capacity')]!]?.id).toBe('bytes.toHost.eviction');
    expect(tracks[gpuFaults[REASON_TABLE.length]!]?.id).toBe('faults.gpu.first-touch');
    expect(tracks[toHost[255]!]?.id).toBe('bytes.toHost.fault');
  });
});

describe('colours', () => {
  it('are six hexadecimal digits in both themes', () => {
    for (const [token, { light, dark }] of Object.entries(COLOURS))
      expect(
        [light, dark].every((colour) => /^#[0-9a-f]{6}$/.test(colour)),
        token,
      ).toBe(true);
  });

  it('of objects go round by the index, and other objects have one', () => {
    expect(objectColour(12)).toBe('object-2');
    expect(objectColour(-1)).toBe('object-other');
  });
});
