import { describe, expect, it } from 'vitest';
import { reasonCode } from '../../../src-core/model/events';
import { NO_PROCESSOR, CPU, GPU0 } from '../../../src-core/model/processor';
import type { RecordingHeader } from '../../../src-core/model/recording';
import { Recorder } from '../../../src-core/record/recorder';
import { Timeline } from '../../../src-core/timeline/timeline';
import { makeHash } from '../../property/drive';
import { changeEvent, faultEvent, osEvent, stepEvent, transferEvent } from '../../support/events';
import { bouncing, record } from '../record/recordings';

const { header } = await record(bouncing(1));
const linux: RecordingHeader = {
  ...header,
  axis: 'accesses',
  scenario: { ...header.scenario, granularity: 65536, system: { id: 'hmm', params: {} } },
};

/** A timeline of rows that `write` records. */
function timelineOf(write: (recorder: Recorder) => void, of: RecordingHeader = linux): Timeline {
  const timeline = new Timeline(of);
  const recorder = new Recorder(makeHash, { chunk: (chunk) => timeline.ingest(chunk) }, null);
  write(recorder);
  recorder.abandon();
  return timeline;
}
const call = (recorder: Recorder, access: number, reason: 'call' | 'outcome', what: string, result: string): number =>
  recorder.os(osEvent({ access, reason: reasonCode(reason), detail: JSON.stringify({ what, result }) }));
const whole = { from: 0, to: 1e9, bins: 10 };

describe('calls and outcomes on the timeline', () => {
  it('are marks: a call that was answered, a call that was refused, an access that got no data', () => {
    const timeline = timelineOf((recorder) => {
      call(recorder, 5, 'call', 'munmap', 'ok');
      call(recorder, 6, 'call', 'mremap', 'ENOMEM');
      call(recorder, 7, 'outcome', 'gpu0 read', 'SIGBUS');
    });
    const name = linux.objects[0]!.name;
    expect(timeline.ask(whole).marks).toEqual([
      { at: 5, kind: 'os', label: 'munmap', detail: `ok, in ${name}` },
      { at: 6, kind: 'outcome', label: 'mremap', detail: `ENOMEM, in ${name}` },
      { at: 7, kind: 'outcome', label: 'gpu0 read', detail: `SIGBUS, in ${name}` },
    ]);
  });

  it('do not crowd out what comes later: many calls leave room for outcomes, phases and policy changes', () => {
    const timeline = timelineOf((recorder) => {
      for (let i = 0; i < 3000; i++) call(recorder, i, 'call', 'madvise', 'ok');
      call(recorder, 4000, 'outcome', 'cpu read', 'OOM');
      const detail = JSON.stringify({ phase: 'late', name: 'last' });
      recorder.step(stepEvent({ access: 4001, reason: reasonCode('begin'), detail }));
      recorder.policy(changeEvent({ access: 4002, change: { kind: 'prefetch', id: 'tree', params: {} } }));
    });
    const { marks } = timeline.ask(whole);
    expect(marks.slice(-3).map(({ kind, at }) => [kind, at])).toEqual([
      ['outcome', 4000],
      ['phase', 4001],
      ['policy', 4002],
    ]);
    expect(marks.length).toBeLessThan(500);
  });
});

describe('tracks of a system on the Linux model', () => {
  it('name its reasons, and count moved pages of 4 KiB whatever the granularity', () => {
    const timeline = timelineOf((recorder) => {
      recorder.fault(faultEvent({ access: 1, reason: reasonCode('hmm-mirror') }));
      recorder.fault(faultEvent({ access: 2, processor: CPU, reason: reasonCode('swap-in') }));
      recorder.transfer(transferEvent({ access: 3, bytes: 3 * 4096, reason: reasonCode('copy-in') }));
    });
    const { tracks } = timeline.ask(whole);
    const sums = tracks
      .filter(({ group }) => group !== 'occupancy')
      .map(({ id, values }) => [id, values.reduce((a, b) => a + b, 0)] as const)
      .filter(([, sum]) => sum > 0);
    expect(Object.fromEntries(sums)).toEqual({
      'faults.gpu.hmm-mirror': 1,
      'faults.cpu.swap-in': 1,
      'bytes.toDevice.copy-in': 3 * 4096,
    });
    expect(tracks.find(({ id }) => id === 'faults.gpu.hmm-mirror')?.title).toBe('GPU faults, HMM mirror');
  });

  it('do not exist for the ideal system', () => {
    const ids = timelineOf(() => undefined, header)
      .ask(whole)
      .tracks.map(({ id }) => id);
    expect(ids).toContain('faults.gpu.remote-map');
    expect(ids).not.toContain('faults.gpu.hmm-mirror');
  });

  it('show memory that came into being on the device, and went with its mapping, by its own size', () => {
    const timeline = timelineOf((recorder) => {
      recorder.transfer(
        transferEvent({ access: 10, source: NO_PROCESSOR, bytes: 8192, reason: reasonCode('first-touch') }),
      );
      recorder.transfer(
        transferEvent({ access: 90, source: GPU0, target: NO_PROCESSOR, reason: reasonCode('explicit') }),
      );
    });
    const { tracks } = timeline.ask({ from: 0, to: 91, bins: 91 });
    const band = tracks.find(({ group, object }) => group === 'occupancy' && object === 0);
    expect(band?.peak && Math.max(...band.peak)).toBe(8192);
    expect(band?.values.at(-1)).toBe(4096);
    expect(tracks.filter(({ group }) => group === 'bytes').every(({ values }) => values.every((v) => v === 0))).toBe(
      true,
    );
  });
});
