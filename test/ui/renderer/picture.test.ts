import { describe, expect, it } from 'vitest';
import type { Description, PolicyDescription } from '../../../src-core/protocol/answers';
import { placeFlags } from '../../../src-renderer/panels/timeline/bands';
import { layOut } from '../../../src-renderer/panels/timeline/layout';
import { binAt, toPicture } from '../../../src-renderer/panels/timeline/picture';
import { readoutAt } from '../../../src-renderer/panels/timeline/readout';
import { boundLegend, legendOf } from '../../../src-renderer/panels/timeline/series';
import { policyTitle } from '../../../src-renderer/widgets/policy-title';
import { timelineAnswer, track } from './support';

const answer = timelineAnswer(
  [
    track('faults.cpu.first-touch', [3, 0, 0, 0]),
    track('faults.gpu.not-resident', [2, 7, 0, 0]),
    track('bytes.toDevice.fault', [10, 20, 0, 0]),
    track('bytes.toDevice.prefetch', [5, 0, 0, 0]),
    track('bytes.toHost.eviction', [0, 40, 0, 0]),
    track('occupancy.0', [100, 200, 200, 200], { object: 0, title: 'r' }),
    track('occupancy.other', [0, 50, 50, 50], { object: -1, title: 'other objects' }),
  ],
  {
    marks: [
      { at: 0, kind: 'phase', label: 'init', detail: '' },
      { at: 150, kind: 'policy', label: 'prefetch=none', detail: 'live, from batch 7' },
    ],
  },
);
const lane = (name: string) => toPicture(answer).lanes.find((one) => one.lane === name)!;

const bounded = {
  ...answer,
  bounds: [
    {
      id: 'belady.gpuFaults',
      colour: 'ink',
      title: 'optimal eviction',
      group: 'faults',
      down: false,
      values: Float64Array.of(1, 15, 0, 0),
    },
    {
      id: 'belady.bytesToDevice',
      colour: 'ink',
      title: 'optimal eviction',
      group: 'bytes',
      down: false,
      values: Float64Array.of(5, 5, 0, 0),
    },
    {
      id: 'belady.bytesToHost',
      colour: 'ink',
      title: 'optimal eviction',
      group: 'bytes',
      down: true,
      values: Float64Array.of(0, 4, 0, 0),
    },
    {
      id: 'infinite-memory.footprint',
      colour: 'emerald',
      title: 'touched so far',
      group: 'occupancy',
      down: false,
      values: Float64Array.of(100, 9000, 9000, 9000),
    },
  ],
} as const;

describe('lines of bounds', () => {
  it('lie over the lane that they are about, in a colour of their own, with room in its scale', () => {
    const [faults, bytes, occupancy] = toPicture(bounded).lanes;
    expect(faults!.bounds.map(({ colour }) => colour)).toEqual(['ink']);
    expect(faults!.top).toBeGreaterThanOrEqual(15);
    expect(bytes!.bounds.map(({ down }) => down)).toEqual([false, true]);
    expect(boundLegend(bytes!.bounds)).toHaveLength(1);
    expect(occupancy!.top).toBeGreaterThan(9000);
  });

  it('are left out where they are hidden or were never measured', () => {
    const scales = (lanes: ReturnType<typeof toPicture>['lanes']) => lanes.map(({ top, bounds }) => [top, bounds]);
    expect(scales(toPicture(bounded, false).lanes)).toEqual(scales(toPicture(answer).lanes));
    expect(toPicture(answer).lanes.flatMap(({ bounds }) => bounds)).toEqual([]);
  });

  it('are read with the bin', () => {
    const rows = readoutAt(toPicture(bounded), 150, 0)!.groups.flatMap((group) => group.rows);
    expect(rows).toContainEqual({ token: 'ink', label: 'bound: optimal eviction', value: '15' });
    expect(rows).toContainEqual({ token: 'ink', label: 'bound: optimal eviction → host', value: '4 B' });
  });
});

const width = (text: string): number => text.length * 6;

describe('flags of policy changes', () => {
  it('carry number and title where there is room, the number alone beside a near one', () => {
    const flags = placeFlags(
      [
        { x: 10, title: 'Prefetch: none' },
        { x: 40, title: 'Eviction: LRU' },
        { x: 300, title: 'Migration: stay' },
      ],
      800,
      width,
    );
    expect(flags.map((flag) => flag.text)).toEqual(['1', '2 Eviction: LRU', '3 Migration: stay']);
  });

  it('never cover each other, and keep the numbers of the list', () => {
    const marks = Array.from({ length: 40 }, (_, n) => ({ x: n * 7 - 30, title: 'x' }));
    const flags = placeFlags(marks, 200, width);
    for (let i = 1; i < flags.length; i++)
      expect(flags[i]!.left).toBeGreaterThanOrEqual(flags[i - 1]!.left + flags[i - 1]!.width);
    for (const flag of flags) expect(marks[Number(flag.text.split(' ')[0]) - 1]!.x).toBe(flag.x);
    expect(flags.length).toBeGreaterThan(3);
  });

  it('are called as in the policy menu', () => {
    const policy = { kind: 'eviction', id: 'lru', title: 'Least recently used' } as PolicyDescription;
    expect(policyTitle({ label: 'eviction=lru' }, [policy])).toBe('Eviction: Least recently used');
    expect(policyTitle({ label: 'eviction=gone' }, [policy])).toBe('eviction=gone');
    const system = {
      id: 'hmm',
      title: 'HMM',
      params: [{ name: 'thp', knob: { name: 'transparent_hugepage/enabled' } }, { name: 'swap' }],
    } as unknown as Description['systems'][number];
    const title = (...values: string[]) => policyTitle({ label: 'system=hmm', values }, [policy], [system]);
    expect(title('thp=never')).toBe('transparent_hugepage/enabled=never');
    expect(title('swap=3', 'thp=never', 'x=1')).toBe('swap=3 and 2 more');
    expect(title()).toBe('Knobs: HMM');
    expect(policyTitle({ label: 'system=off' }, [policy], [system])).toBe('system=off');
  });
});

describe('timeline picture', () => {
  it('stacks the series of a lane: each top edge is the sum of what lies below', () => {
    const { up } = lane('faults');
    expect(up.tops.map((top) => [...top])).toEqual([
      [3, 0, 0, 0],
      [5, 7, 0, 0],
    ]);
    expect(up.max).toBe(7);
  });

  it('mirrors what goes to the host and scales both directions alike', () => {
    const bytes = lane('bytes');
    expect(bytes.up.max).toBe(20);
    expect(bytes.down?.max).toBe(40);
    expect(bytes.top).toBeGreaterThanOrEqual(40);
  });

  it('leaves the capacity line in sight even when memory is nearly empty', () => {
    expect(lane('occupancy').top).toBeGreaterThan(answer.capacityBytes);
  });

  it('names in the legend what is there, once', () => {
    const tracks = [
      track('bytes.toDevice.fault', [1]),
      track('bytes.toHost.fault', [1]),
      track('bytes.toHost.prefetch', [0]),
    ];
    expect(legendOf(tracks).map((one) => one.short)).toEqual(['on fault']);
  });

  it('finds the bin under the pointer, and none outside of the answer', () => {
    expect([0, 99, 100, 399].map((at) => binAt(answer, at))).toEqual([0, 0, 1, 3]);
    expect(binAt(answer, -1)).toBeNull();
    expect(binAt(answer, 400)).toBeNull();
  });

  it('reads out the bin under the pointer with its phase and the mark beside it', () => {
    const readout = readoutAt(toPicture(answer), 145, 10)!;
    expect(readout).toMatchObject({ at: 'access 100', per: '100 accesses', phase: 'init' });
    expect(readout.marks).toEqual(['prefetch=none: live, from batch 7']);
    expect(readout.groups.map((group) => group.rows.map((row) => `${row.label} ${row.value}`))).toEqual([
      ['GPU not resident 7'],
      ['on fault → device 20 B', 'eviction → host 40 B'],
      ['r 200 B', 'other objects 50 B'],
    ]);
    expect(readoutAt(toPicture(answer), 120, 10)!.marks).toEqual([]);
    const stepped = { ...answer, steps: [{ from: 100, to: 160, name: 'residual', processor: 1 }] };
    expect(readoutAt(toPicture(stepped), 145, 10)!.steps).toMatchObject([
      { name: 'residual on gpu0', value: '60 accesses' },
    ]);
    expect(readoutAt(toPicture(stepped), 160, 10)!.steps).toEqual([]);
    expect(readoutAt(toPicture(answer), 9000, 10)).toBeNull();
  });

  it('names calls and outcomes under the pointer, and how many more there are', () => {
    const outcome = (at: number) => ({ at, kind: 'outcome' as const, label: 'cpu read', detail: 'SIGBUS, in A' });
    const call = { at: 139, kind: 'os' as const, label: 'munmap', detail: 'ok, in A' };
    const called = { ...answer, marks: [call, ...Array.from({ length: 8 }, () => outcome(140))] };
    const { marks } = readoutAt(toPicture(called), 140, 5)!;
    expect(marks[0]).toBe('munmap: ok, in A');
    expect(marks[1]).toBe('cpu read: SIGBUS, in A');
    expect(marks.at(-1)).toBe('3 more');
  });

  it('gives calls a row only where there are some, below the flags and above the phases', () => {
    const none = layOut(900, 700, { flags: true, calls: false });
    const some = layOut(900, 700, { flags: true, calls: true });
    expect(some.callsTop).toBe(none.bandTop);
    expect(some.bandTop).toBeGreaterThan(some.callsTop);
    expect(some.flagsTop).toBeLessThan(some.callsTop);
  });

  it('shares out all of the height and gives none twice', () => {
    for (const height of [700, 301, 60, 0]) {
      const { lanes } = layOut(900, height, { flags: height > 301, calls: height > 60 });
      for (let i = 1; i < lanes.length; i++) expect(lanes[i]!.top).toBe(lanes[i - 1]!.top + lanes[i - 1]!.height);
      const last = lanes.at(-1)!;
      if (height > 100) expect(last.top + last.height).toBe(height);
      for (const box of lanes) expect(box.height).toBeGreaterThanOrEqual(0);
    }
  });
});
