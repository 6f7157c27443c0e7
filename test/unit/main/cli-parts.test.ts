import { describe, expect, it } from 'vitest';
import type { ObjectSummary, RunSummary } from '../../../src-core/model/summary';
import { Refusal } from '../../../src-core/model/refusal';
import { toFailure } from '../../../src-main/cli/exit';
import { checkFailIf, parseFailIf } from '../../../src-main/cli/fail-if';
import { didYouMean } from '../../../src-main/cli/nearest';
import { targetOf } from '../../../src-main/cli/run-flags';
import { summaryText } from '../../../src-main/cli/summary-text';
import { textTable } from '../../../src-main/cli/table';
import { RequestFailed } from '../../../src-main/host/errors';

const counts = {
  accesses: 10,
  cpuFaults: 2,
  gpuFaults: 1000,
  bytesToDevice: 65536,
  bytesToHost: 0,
  migrations: 1,
  evictions: 0,
  deadBytesToDevice: 0,
  deadBytesToHost: 0,
  unresolvedBytesToDevice: 0,
  unresolvedBytesToHost: 0,
  usefulBytes: null,
  remoteBytes: 0,
};
const kinds = { reads: 0, writes: 0, readWrites: 0, atomics: 0 };
const object: ObjectSummary = {
  ...counts,
  simTimePs: null,
  name: 'a.b',
  address: 0,
  bytes: 65536,
  pingPongs: 0,
  stallPs: null,
  prefetchedBytes: 0,
  cpu: kinds,
  gpu: kinds,
};
const summary: RunSummary = {
  engineVersion: '1',
  workload: { name: 'w', file: null, kind: 'workload', sha256: '' },
  machine: { id: 'r0', deviceMemoryBytes: 2 ** 28, granularity: 65536 },
  seed: 1,
  policies: [{ kind: 'prefetch', id: 'tree', params: { threshold: 51 } }],
  changes: [],
  totals: { ...counts, simTimePs: 0, stallPs: null, pingPongs: 0, prefetchedBytes: 0, batches: 3, events: 9 },
  objects: [object],
  findings: [],
  expectations: [{ what: 'gpuFaults', expected: '== 999', actual: 1000, holds: false }],
  system: null,
  complete: true,
  recordingHash: 'abc',
};

describe('--fail-if', () => {
  it.each([
    ['gpuFaults>999', true],
    ['gpuFaults > 1000', false],
    ['gpuFaults>=1000', true],
    ['gpuFaults<1000', false],
    ['gpuFaults<=1000', true],
    ['gpuFaults==1000', true],
    ['gpuFaults!=1000', false],
    ['bytesToDevice>=64KiB', true],
    ['objects.a.b.bytesToDevice==65536', true],
    ['batches>2', true],
  ])('%s', (text, failed) => {
    expect(checkFailIf(parseFailIf(text), summary).failed).toBe(failed);
  });

  it.each([
    ['gpuFaults', 'is not a condition'],
    ['gpuFaults>many', 'is not a number'],
    ['gpuFaults>3KB', 'is not a number'],
  ])('that is wrong is refused before the run: %s', (text, message) => {
    expect(() => parseFailIf(text)).toThrow(message);
  });

  it.each([
    ['gpuFault>1', 'did you mean "gpuFaults"'],
    ['objects.c.gpuFaults>1', 'the objects are a.b'],
    ['objects.a.b.faults>1', 'there is no field "faults"'],
    ['usefulBytes>1', 'was not recorded'],
  ])('that names what is not there is refused: %s', (text, message) => {
    expect(() => checkFailIf(parseFailIf(text), summary)).toThrow(message);
  });
});

describe('the summary for people', () => {
  it('has totals, objects and checks, aligned and with units', () => {
    const text = summaryText(summary, [{ condition: 'gpuFaults>10', actual: 1000, failed: true }]);
    expect(text).toContain('prefetch=tree,threshold=51');
    expect(text).toMatch(/ {2}GPU faults +1,000\n/);
    expect(text).toMatch(/ {2}Useful bytes +–\n/); // not recorded is not zero
    expect(text).toMatch(/a\.b +64 KiB +2 +1,000 +64 KiB/);
    expect(text).toContain('FAIL  expect gpuFaults == 999: 1,000');
    expect(text).toContain('FAIL  fail if gpuFaults>10: 1,000');
    expect(text).not.toContain('Simulated time'); // this machine has none
  });

  it('says when a run is not complete', () => {
    expect(summaryText({ ...summary, complete: false }, [])).toContain('did not reach the end');
  });

  it('aligns columns: words to the left, numbers to the right', () => {
    expect(
      textTable(
        ['name', 'n'],
        [
          ['a', '100'],
          ['long name', '1'],
        ],
      ),
    ).toBe('name         n\na          100\nlong name    1');
    expect(
      textTable(
        ['a', 'word', 'end'],
        [
          ['long name', 'x', 'y'],
          ['b', 'longer word', 'z'],
        ],
        ['left', 'left', 'left'],
      ),
    ).toBe('a          word         end\nlong name  x            y\nb          longer word  z');
  });
});

describe('what is opened', () => {
  const examples = [{ id: 's1-jacobi-residual', path: '/x/s1-jacobi-residual.yaml' }];
  it('is a file where there is one, else an example', () => {
    expect(targetOf('package.json', examples)).toMatchObject({ kind: 'path' });
    expect(targetOf('s1-jacobi-residual', examples)).toEqual({ kind: 'example', id: 's1-jacobi-residual' });
    expect(targetOf('missing/file.yaml', examples)).toMatchObject({ kind: 'path' });
  });
  it('is refused with the nearest example otherwise', () => {
    expect(() => targetOf('s1-jacobi', examples)).toThrow('did you mean "s1-jacobi-residual"');
  });
  it('suggests no name if none is similar', () => {
    expect(didYouMean('zzz', ['alpha', 'beta'])).toBe('');
  });
});

describe('exit codes', () => {
  const failed = (code: 'refused' | 'crashed' | 'cancelled'): RequestFailed =>
    new RequestFailed({ code, message: 'x', details: [] });
  it.each([
    [new Refusal('x'), 2],
    [failed('refused'), 2],
    [failed('crashed'), 70],
    [new TypeError('x'), 70],
  ])('%s', (thrown, exit) => {
    expect(toFailure(thrown).exit).toBe(exit);
  });
});
