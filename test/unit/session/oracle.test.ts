import { describe, expect, it } from 'vitest';
import { Refusal } from '../../../src-core/model/refusal';
import { checkVectors } from '../../../src-core/session/oracle';
import { maskFromHex, maskToHex } from '../../../src-core/session/oracle/masks';

const header = { source: 'written for this test' };
const pairs = [
  ['cpu', 'cpu'],
  ['gpu0', 'cpu'],
  ['gpu0', 'gpu0'],
];
const residency = {
  ...{ id: 'one', topology: 'pcie1', processors: ['cpu', 'gpu0'], canAccess: pairs, hasFastLink: [] },
  ...{ hasNativeAtomics: [], hmm: false, vmaMustUseSysmem: false, hmmMigratable: true, readDuplication: 'unset' },
  ...{ pageReadDuplicated: false, preferred: null, accessedBy: [], pinHint: null, requester: 'gpu0' },
  ...{ accessTypes: ['read'], operation: 'replayable_fault', resident: ['cpu'], noMemory: [], remoteMm: false },
  ...{ mapRemoteOnNativeAtomicsFault: false, expect: { residency: 'gpu0', readDuplicate: false } },
};
const check = (value: unknown): ReturnType<typeof checkVectors> =>
  checkVectors(typeof value === 'string' ? value : JSON.stringify(value), 'given.json');
const refusal = (value: unknown): Refusal => {
  try {
    check(value);
  } catch (thrown) {
    if (thrown instanceof Refusal) return thrown;
    throw thrown;
  }
  throw new Error('expected a refusal');
};

describe('a file of vectors', () => {
  it('is told by the fields of its cases', () => {
    expect(check({ header, cases: [residency] })).toMatchObject({
      shape: 'residency',
      source: 'written for this test',
      cases: [{ caseId: 'one', compared: 2, differences: [] }],
    });
  });

  it('gives each difference with case, field, what was expected and what came', () => {
    const wrong = { ...residency, expect: { residency: 'cpu', readDuplicate: true } };
    expect(check({ header, cases: [residency, wrong] }).cases[1]?.differences).toEqual([
      { caseId: 'one', step: null, field: 'residency', expected: 'cpu', got: 'gpu0' },
      { caseId: 'one', step: null, field: 'readDuplicate', expected: 'true', got: 'false' },
    ]);
  });

  it('says at which step of a scenario a difference is', () => {
    const params = { lapseUs: 500, threshold: 3, pinThreshold: 10, nap: 1, epoch: 2000, pin: 300, maxResets: 4 };
    const state = { events: [], lapseNs: 500000, lapseStat: 0 };
    const scenario = {
      ...{ id: 't', topology: 'pcie1', style: 'burst', processors: ['cpu', 'gpu0'], canAccess: pairs, hasFastLink: [] },
      ...{ hasNativeAtomics: [], params: { ...params, voteThreshold: 32 }, preferred: null, blockPages: 512 },
      steps: [
        { op: 'setResident', page: 1, proc: 'cpu' },
        { op: 'fault', t: 1000, proc: 'gpu0', page: 1, expect: { ...state, hint: 'pin' } },
      ],
    };
    expect(check({ header, cases: [scenario] }).cases[0]?.differences).toEqual([
      { caseId: 't', step: 1, field: 'hint', expected: 'pin', got: 'none' },
    ]);
  });
});

describe('what is no file of vectors', () => {
  it.each([
    ['text', 'hello', 'given.json is not a file of vectors: it is not JSON'],
    ['another document', { tests: [] }, 'given.json is not a file of vectors: 2 values are not as expected'],
    ['no case', { header, cases: [] }, 'given.json is not a file of vectors: 1 values'],
    ['another kind of case', { header, cases: [{ id: 'x', op: 'y' }] }, 'case 0 has the fields id, op'],
  ])('%s is refused with what was expected', (_, value, message) => {
    const { message: got } = refusal(value);
    expect(got).toContain(message);
    expect(got).toContain('each case with "faulted" (prefetch) or "steps" (thrashing) or "accessTypes" (residency)');
  });

  it('a damaged case is refused with its place', () => {
    const { details } = refusal({ header, cases: [residency, { ...residency, resident: 'cpu' }] });
    expect(details.map(({ place }) => place)).toEqual([{ file: 'given.json', path: 'cases[1].resident' }]);
  });

  it('a processor that the case does not have is refused', () => {
    expect(refusal({ header, cases: [{ ...residency, preferred: 'gpu7' }] }).message).toBe(
      '"gpu7" is not one of the processors of its case; expected cpu, gpu0',
    );
  });
});

describe('masks of the vectors', () => {
  it('are big-endian hexadecimal integers: bit 0 is page 0', () => {
    const mask = maskFromHex('80000000f1');
    expect([...mask.slice(0, 2)]).toEqual([0xf1, 0x80]);
    expect(maskToHex(mask, 10)).toBe('80000000f1');
  });
});
