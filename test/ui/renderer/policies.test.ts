import { describe, expect, it } from 'vitest';
import type { ParamDescription } from '../../../src-core/model/param';
import type { PolicyDescription } from '../../../src-core/protocol/answers';
import {
  currentChoice,
  filledParams,
  readNumber,
  whyNot,
  type Situation,
} from '../../../src-renderer/panels/policies/form';

const threshold: ParamDescription = {
  name: 'threshold',
  title: 'Threshold',
  help: '',
  type: 'integer',
  min: 1,
  max: 100,
  initial: 51,
};
const eager: ParamDescription = { name: 'eager', title: 'Eager', help: '', type: 'boolean', initial: false };
const policy = (id: string, needsFuture = false): PolicyDescription => ({
  kind: 'prefetch',
  id,
  title: id,
  summary: '',
  source: '',
  needsFuture,
  params: [threshold, eager],
});

describe('policy form', () => {
  it('shows what was asked for last, waiting or not', () => {
    const inForce = [
      { kind: 'eviction', id: 'access-lru', params: {} },
      { kind: 'prefetch', id: 'tree', params: { threshold: 51 } },
    ] as const;
    expect(currentChoice('prefetch', inForce, [])?.id).toBe('tree');
    expect(currentChoice('prefetch', inForce, [{ kind: 'prefetch', id: 'none', params: {} }])?.id).toBe('none');
    expect(currentChoice('eviction', inForce, [{ kind: 'prefetch', id: 'none', params: {} }])?.id).toBe('access-lru');
    expect(currentChoice('migration', inForce, [])).toBeNull();
  });

  it('fills in what was not chosen', () => {
    expect(filledParams(policy('tree'), { threshold: 75 })).toEqual({ threshold: 75, eager: false });
  });

  it('holds typed numbers to the declared range and refuses what is none', () => {
    expect(readNumber('75', threshold)).toBe(75);
    expect(readNumber('1000', threshold)).toBe(100);
    expect(readNumber('-3', threshold)).toBe(1);
    expect(readNumber('12.6', threshold)).toBe(13);
    expect(readNumber('', threshold)).toBeNull();
    expect(readNumber('many', threshold)).toBeNull();
  });

  it('offers a policy that needs the future only before a run', () => {
    const ready: Situation = { state: 'ready', kind: 'workload', canOpenAgain: true };
    const belady = policy('belady', true);
    expect(whyNot(belady, ready)).toBeNull();
    for (const state of ['running', 'paused', 'finished'] as const)
      expect(whyNot(belady, { ...ready, state })).toContain('Restart first');
    expect(whyNot(belady, { ...ready, canOpenAgain: false })).toContain('Open menu');
    expect(whyNot(policy('none'), { ...ready, state: 'running' })).toBeNull();
    expect(whyNot(policy('none'), { ...ready, kind: 'recording' })).toContain('cannot be changed');
  });
});
