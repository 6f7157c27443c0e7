import { describe, expect, it } from 'vitest';
import { formatChange, formatPolicyFlag, parseChange, parsePolicyFlag } from '../../../src-core/session/run-flags';

const refusalOf = (result: { ok: true } | { ok: false; error: string }): string =>
  result.ok ? 'accepted' : result.error;

describe('a policy flag', () => {
  it.each([
    ['eviction=belady', { kind: 'eviction', id: 'belady', params: {} }],
    ['prefetch=tree,threshold=75', { kind: 'prefetch', id: 'tree', params: { threshold: 75 } }],
    [
      'migration = access-counter, threshold = 256, fast=true, mode=eager',
      { kind: 'migration', id: 'access-counter', params: { threshold: 256, fast: true, mode: 'eager' } },
    ],
    ['eviction=random,ratio=-0.5,name=1e3', { kind: 'eviction', id: 'random', params: { ratio: -0.5, name: '1e3' } }],
  ])('%s', (text, expected) => {
    expect(parsePolicyFlag(text)).toEqual({ ok: true, value: expected });
  });

  it.each([
    ['evict=belady', '"evict" is not a kind of policy; expected one of eviction, prefetch, migration'],
    ['eviction', 'write eviction=NAME'],
    ['eviction=', 'write eviction=NAME'],
    ['prefetch=tree,75', 'write prefetch=tree,name=value'],
    ['prefetch=tree,threshold=', 'write prefetch=tree,name=value'],
    ['prefetch=tree,threshold=5,threshold=6', 'given twice'],
    ['', 'is not a kind of policy'],
  ])('that is wrong says what was expected: %s', (text, message) => {
    expect(refusalOf(parsePolicyFlag(text))).toContain(message);
  });

  it('does not take names of object prototypes for parameters given before', () => {
    expect(parsePolicyFlag('prefetch=tree,constructor=1')).toMatchObject({
      ok: true,
      value: { params: { constructor: 1 } },
    });
  });
});

describe('a scheduled change', () => {
  const none = { kind: 'prefetch', id: 'none', params: {} };
  it.each([
    ['3ms:prefetch=none', { at: 'time', timePs: 3_000_000_000 }],
    ['0ps:prefetch=none', { at: 'time', timePs: 0 }],
    ['access:5000:prefetch=none', { at: 'access', access: 5000 }],
    ['batch:12:prefetch=none', { at: 'batch', batch: 12 }],
    ['phase:solve:prefetch=none', { at: 'phase', phase: 'solve', iteration: 1 }],
    ['phase:solve[7]:prefetch=none', { at: 'phase', phase: 'solve', iteration: 7 }],
    ['phase:a:b c[2]: prefetch=none', { at: 'phase', phase: 'a:b c', iteration: 2 }],
  ])('%s', (text, moment) => {
    expect(parseChange(text)).toEqual({ ok: true, value: { moment, policy: none } });
  });

  it.each([
    ['prefetch=none', 'expected MOMENT:KIND=NAME'],
    ['3:prefetch=none', 'a unit is missing'],
    ['3mz:prefetch=none', 'is not one of the units'],
    ['batch:0:prefetch=none', 'a whole number from 1'],
    ['batch:1.5:prefetch=none', 'a whole number from 1'],
    ['phase:solve[0]:prefetch=none', 'an iteration of phase "solve"'],
    ['epoch:3:prefetch=none', '"epoch" is not a moment'],
    ['3ms:prefetch=none,5', 'is not a parameter'],
    ['3ms:fetch=none', '"fetch" is not a kind of policy'],
  ])('that is wrong says what was expected: %s', (text, message) => {
    expect(refusalOf(parseChange(text))).toContain(message);
  });

  it.each([
    '3us:prefetch=tree,threshold=75',
    'access:5:eviction=random',
    'batch:12:prefetch=none',
    'phase:solve[3]:migration=on-fault',
  ])('is written as it is read: %s', (text) => {
    const change = parseChange(text);
    expect(change.ok && formatChange(change.value)).toBe(text);
  });

  it('writes parameters in the order they were given', () => {
    expect(formatPolicyFlag({ kind: 'prefetch', id: 'tree', params: { b: 1, a: true } })).toBe(
      'prefetch=tree,b=1,a=true',
    );
  });
});
