import { describe, expect, it } from 'vitest';
import { LEDGER_METRICS, metricIndex, METRICS, type Metric } from '../../../src-core/model/events';
import { MAX_BINS } from '../../../src-core/model/timeline';
import { pcie4x16g } from '../../../src-core/presets/machines/pcie4-16g';
import { OBJECT_NUMBERS_PER_ROW } from '../../../src-core/timeline/event-sums';
import { Timeline } from '../../../src-core/timeline/timeline';
import { GPU0 } from '../../../src-core/model/processor';
import { asGranule } from '../../../src-core/base/indices';
import { choose } from '../../property/drive';
import { bouncing, record, type Recorded } from '../record/recordings';

function timelineOf(recorded: Recorded): Timeline {
  const timeline = new Timeline(recorded.header);
  for (const chunk of recorded.chunks) timeline.ingest(chunk);
  return timeline;
}
const sum = (values: Iterable<number>): number => [...values].reduce((total, value) => total + value, 0);
const total = ({ run, header }: Recorded, metric: Metric): number =>
  sum(header.objects.map((_, object) => run.memory.ledger.counters[object * METRICS.length + metricIndex(metric)]!));

const machines = [
  ['counts only', undefined],
  ['with time', pcie4x16g],
] as const;

describe.each(machines)('a timeline, %s', (_name, machine) => {
  const make = (): Promise<Recorded> =>
    record(
      bouncing(10),
      { changes: [{ moment: { at: 'batch', batch: 20 }, policy: choose('prefetch', 'tree') }] },
      machine,
    );

  it('adds up to the totals of the run at any number of bins that covers it', async () => {
    const recorded = await make();
    const timeline = timelineOf(recorded);
    for (const bins of [1, 2, 7, 100, 1000, MAX_BINS]) {
      const answer = timeline.ask({ from: 0, to: timeline.extentTo + 1, bins });
      const track = (prefix: string): number =>
        sum(answer.tracks.filter(({ id }) => id.startsWith(prefix)).map(({ values }) => sum(values)));
      expect(track('faults.cpu'), `${bins} bins`).toBe(total(recorded, 'cpuFaults'));
      expect(track('faults.gpu')).toBe(total(recorded, 'gpuFaults'));
      expect(track('bytes.toDevice')).toBe(total(recorded, 'bytesToDevice'));
      expect(track('bytes.toHost')).toBe(total(recorded, 'bytesToHost'));
      expect(track('bytes.toHost.eviction')).toBe(total(recorded, 'evictions') * 4096);
      expect(track('bytes.toDevice.prefetch') + track('bytes.toHost.prefetch')).toBe(
        total(recorded, 'prefetchedBytes'),
      );
    }
  });

  it('never answers more bins than were asked for, and at most two values per bin and track', async () => {
    const timeline = timelineOf(await make());
    for (const bins of [1, 3, 64, MAX_BINS, 1e6]) {
      const answer = timeline.ask({ from: 0, to: timeline.extentTo + 1, bins });
      expect(answer.bins).toBeLessThanOrEqual(Math.min(bins, MAX_BINS));
      for (const { values, peak } of answer.tracks) {
        expect(values.length).toBe(answer.bins);
        expect(peak === undefined || peak.length === answer.bins).toBe(true);
      }
    }
  });

  it('adds up to the totals over ranges that touch', async () => {
    const recorded = await make();
    const timeline = timelineOf(recorded);
    let from = 0;
    let faults = 0;
    while (from <= timeline.extentTo) {
      const answer = timeline.ask({ from, to: from + timeline.extentTo / 7, bins: 5 });
      faults += sum(answer.tracks.filter(({ group }) => group === 'faults').map(({ values }) => sum(values)));
      expect(answer.to).toBeGreaterThan(from);
      from = answer.to;
    }
    expect(faults).toBe(total(recorded, 'cpuFaults') + total(recorded, 'gpuFaults'));
  });

  it('has every number of every object', async () => {
    const recorded = await make();
    const { sums, resident } = timelineOf(recorded).objectSums(0, Infinity);
    recorded.header.objects.forEach((_, object) => {
      for (const metric of [
        'cpuFaults',
        'gpuFaults',
        'bytesToDevice',
        'bytesToHost',
        'migrations',
        'evictions',
        ...LEDGER_METRICS,
      ] as const) {
        const counted = recorded.run.memory.ledger.counters[object * METRICS.length + metricIndex(metric)]!;
        expect(
          sums[object * OBJECT_NUMBERS_PER_ROW + metricIndex(metric)],
          `${metric} of object ${object}`,
        ).toBeCloseTo(counted, 3);
      }
      const granules = Array.from({ length: recorded.run.memory.granules }, (_unused, granule) => granule);
      const here = granules.filter(
        (granule) =>
          recorded.run.memory.ownerOf(asGranule(granule)) === 1 &&
          recorded.run.memory.objectOf(asGranule(granule)) === object,
      );
      expect(resident[object], `bytes of object ${object} on the device`).toBe(here.length * 4096);
    });
  });

  it('shows an occupancy that never exceeds the device and ends where the run ended', async () => {
    const recorded = await make();
    const answer = timelineOf(recorded).ask({ from: 0, to: Infinity, bins: 500 });
    const bands = answer.tracks.filter(({ group }) => group === 'occupancy');
    for (let bin = 0; bin < answer.bins; bin++) {
      const held = sum(bands.map(({ values }) => values[bin]!));
      expect(held).toBeGreaterThanOrEqual(0);
      expect(held).toBeLessThanOrEqual(answer.capacityBytes);
      for (const { values, peak } of bands) expect(peak![bin]).toBeGreaterThanOrEqual(values[bin]!);
    }
    expect(sum(bands.map(({ values }) => values.at(-1)!))).toBe(recorded.run.memory.residents(GPU0) * 4096);
  });

  it('marks policy changes and phases where they are', async () => {
    const recorded = await make();
    const { marks } = timelineOf(recorded).ask({ from: 0, to: Infinity, bins: 10 });
    const policy = marks.filter((mark) => mark.kind === 'policy');
    expect(policy.map(({ label, detail }) => [label, detail])).toEqual([
      ['prefetch=tree', 'from fault batch 20, threshold=51'],
    ]);
    const [applied] = recorded.run.applied;
    expect(policy[0]!.at).toBe(machine ? applied!.timePs : applied!.access);
    expect(marks.filter((mark) => mark.kind === 'phase').map(({ label }) => label)).toEqual(['p']);
  });

  it('is the same when the chunks come in pieces that grow', async () => {
    const recorded = await make();
    const whole = timelineOf(recorded).ask({ from: 0, to: Infinity, bins: 100 });
    const growing = new Timeline(recorded.header);
    for (const chunk of recorded.chunks)
      for (let count = 1; count < chunk.count + 97; count += 97)
        growing.ingest({ ...chunk, count: Math.min(count, chunk.count) });
    expect(growing.ask({ from: 0, to: Infinity, bins: 100 })).toEqual(whole);
  });
});
