import { beforeEach, describe, expect, it } from 'vitest';
import { METRIC_COUNT, metricIndex, NO_OBJECT, type Metric } from '../../../src-core/model/events';
import {
  ATOMIC,
  CPU,
  READ,
  READ_WRITE,
  WRITE,
  type AccessOp,
  type ProcessorIndex,
  GPU0,
} from '../../../src-core/model/processor';
import { Ledger } from '../../../src-core/kit/ledger';
import { TRACKED } from '../../../src-core/contracts/accessed-memory';
import { Residency } from '../../../src-core/kit/residency';
import { type Granule, asGranule } from '../../../src-core/base/indices';
import { layOut } from '../../property/random-program';

const GPU = GPU0;
const GRANULE = 4096;

/** One object of 1.5 granules, one of exactly one; each begins on a 2 MiB boundary. */
const space = layOut([
  { bytes: 6144, elementBytes: 8, isOnHost: false },
  { bytes: 4096, elementBytes: 8, isOnHost: false },
]);
const SECOND = asGranule(512); // first granule of the second object
let residency: Residency;
let ledger: Ledger;

beforeEach(() => {
  residency = new Residency(space.bytes / GRANULE, 2, 8);
  ledger = new Ledger(space, GRANULE, residency, true);
});

const value = (metric: Metric, object = 0): number => ledger.counters[object * METRIC_COUNT + metricIndex(metric)]!;
function move(granule: Granule, target: ProcessorIndex): void {
  if (residency.ownerOf(granule) !== -1) {
    ledger.leaving(granule);
    residency.remove(granule);
  }
  residency.place(granule, target);
  ledger.transferred(granule, target);
}
const access = (op: AccessOp, from: number, to: number, granule = 0): void => {
  ledger.accessed(asGranule(granule), op, from, 0, 1, to - from, true);
};
const isTracked = (granule: number): boolean => (residency.state[granule]! & TRACKED) !== 0;

describe('who answers for a granule', () => {
  it('is the object that covers it, in whole or in part', () => {
    expect([ledger.objectOf[0], ledger.objectOf[1], ledger.objectOf[2], ledger.objectOf[SECOND]]).toEqual([
      0,
      0,
      NO_OBJECT,
      1,
    ]);
    expect([ledger.objectBytes(asGranule(0)), ledger.objectBytes(asGranule(1)), ledger.objectBytes(SECOND)]).toEqual([
      4096, 2048, 4096,
    ]);
  });
});

describe('dead bytes', () => {
  it('are bytes all of which are overwritten unread', () => {
    move(asGranule(0), GPU);
    access(WRITE, 0, 2048);
    access(READ, 0, 2048); // reads what was overwritten: no answer
    expect(value('deadBytesToDevice')).toBe(0);
    access(WRITE, 2048, 4096);
    expect(value('deadBytesToDevice')).toBe(GRANULE);
    access(READ, 0, 4096);
    ledger.finish();
    expect([value('deadBytesToDevice'), value('unresolvedBytesToDevice')]).toEqual([GRANULE, 0]);
  });

  it.each([
    ['read', READ],
    ['read-write', READ_WRITE],
    ['atomic', ATOMIC],
  ] as const)('are none when a byte is used by a %s first', (_name, op) => {
    move(asGranule(0), GPU);
    access(WRITE, 0, 4088);
    access(op, 4080, 4096); // its last 8 bytes were not overwritten
    access(WRITE, 0, 4096);
    ledger.finish();
    expect(['deadBytesToDevice', 'unresolvedBytesToDevice'].map((metric) => value(metric as Metric))).toEqual([0, 0]);
  });

  it('count whole granules although the object covers a part only', () => {
    move(asGranule(1), CPU);
    access(WRITE, 0, 2048, 1);
    expect(value('deadBytesToHost')).toBe(GRANULE);
  });

  it('are counted for every transfer that joined the question, each in its direction', () => {
    move(asGranule(0), GPU);
    access(WRITE, 0, 4000);
    move(asGranule(0), CPU); // the question is still open: this transfer joins it
    move(asGranule(0), GPU);
    access(WRITE, 4000, 4096);
    expect([value('deadBytesToDevice'), value('deadBytesToHost')]).toEqual([2 * GRANULE, GRANULE]);
  });

  it('are asked anew by a transfer after the answer', () => {
    move(asGranule(0), GPU);
    access(READ, 0, 1); // live
    move(asGranule(0), CPU);
    access(WRITE, 0, 4096);
    expect([value('deadBytesToDevice'), value('deadBytesToHost')]).toEqual([0, GRANULE]);
  });

  it('stay unresolved when the run ends before the answer; the preview says so without disturbing the run', () => {
    move(SECOND, GPU);
    ledger.accessed(SECOND, WRITE, 0, 0, 1, 100, true);
    const preview = ledger.preview();
    expect(preview[METRIC_COUNT + metricIndex('unresolvedBytesToDevice')]).toBe(GRANULE);
    expect(preview[METRIC_COUNT + metricIndex('usefulBytesToDevice')]).toBe(100);
    expect(value('unresolvedBytesToDevice', 1)).toBe(0);
    ledger.finish();
    expect(ledger.counters).toEqual(preview);
  });
});

describe('runs of accesses', () => {
  it.each([
    ['contiguous', 0, 8, 512, 4096],
    ['backwards', 4088, -8, 512, 4096],
    ['with gaps', 0, 16, 256, 2048],
    ['on one spot', 64, 0, 1000, 8],
    ['overlapping', 0, 4, 100, 404],
  ])('%s mark the bytes of each', (_name, start, stride, count, touched) => {
    move(asGranule(0), GPU);
    ledger.accessed(asGranule(0), WRITE, start, stride, count, 8, true);
    ledger.finish();
    expect(value('usefulBytesToDevice')).toBe(touched);
    expect(value('deadBytesToDevice')).toBe(touched === 4096 ? GRANULE : 0);
  });

  it('with gaps are read between the gaps only', () => {
    move(asGranule(0), GPU);
    ledger.accessed(asGranule(0), WRITE, 0, 16, 256, 8, true);
    ledger.accessed(asGranule(0), READ, 0, 16, 256, 8, true); // exactly what was written
    expect(ledger.needsOrder(asGranule(0))).toBe(true);
    ledger.accessed(asGranule(0), READ, 8, 16, 1, 8, true);
    expect(ledger.needsOrder(asGranule(0))).toBe(false);
  });
});

describe('useful bytes', () => {
  it('are the distinct bytes that the receiver touched before the granule left', () => {
    move(asGranule(0), GPU);
    access(READ, 0, 100);
    access(READ, 50, 150);
    ledger.accessed(asGranule(0), READ, 1000, 0, 1, 500, false); // a remote access is not the receiver's
    move(asGranule(0), CPU);
    access(READ, 0, 10);
    ledger.finish();
    expect([value('usefulBytesToDevice'), value('usefulBytesToHost')]).toEqual([150, 10]);
  });

  it('are not marked when marking is off', () => {
    ledger = new Ledger(space, GRANULE, residency, false);
    move(asGranule(0), GPU);
    access(READ, 0, 4096);
    ledger.finish();
    expect(value('usefulBytesToDevice')).toBe(0);
    expect(isTracked(0)).toBe(false);
  });
});

it('granules without an open question have no cost on a hit', () => {
  move(asGranule(0), GPU);
  expect(isTracked(0)).toBe(true);
  access(READ, 0, 4096); // live, and every byte touched
  expect(isTracked(0)).toBe(false);
});
