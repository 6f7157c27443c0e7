import { describe, expect, it } from 'vitest';
import { MIB } from '../../../src-core/base/units';
import { Refusal } from '../../../src-core/model/refusal';
import { loadWorkload } from '../../../src-core/workload';
import { OS_CALLS } from '../../../src-core/workload/schema-os';

/** Objects a (anon, 8 MiB of f64), f (file-shared, 8 MiB); the call is on line 8, steps before it fork a child and pin a. */
const withCall = (call: string): string =>
  `faultline: 1
name: t
objects: { a: { size: 8MiB }, f: { size: 8MiB, map: file-shared } }
phases:
 - name: p
   steps:
    - os: { pin: a }
    - os: ${call}
    - { on: gpu1, do: [ { read: a } ] }
`;
const actionOf = (call: string): unknown => {
  const part = loadWorkload(withCall(call), 'f.yaml').phases[0]?.parts[1];
  return part?.kind === 'os' ? part.action : undefined;
};
const range = (object: number, from: number, to: number) => ({ range: { object, from, to } });
const a = range(0, 0, 8 * MIB);
const f = range(1, 0, 8 * MIB);

const calls: [string, unknown][] = [
  ['{ munmap: a }', { kind: 'munmap', ...a }],
  ['{ munmap: a, part: [0, 0.5] }', { kind: 'munmap', ...range(0, 0, 4 * MIB) }],
  ['{ munmap: a, elements: [1, 3] }', { kind: 'munmap', ...range(0, 8, 24) }],
  ['{ munmap: a, bytes: [5, 4KiB] }', { kind: 'munmap', ...range(0, 5, 4096) }],
  ['{ mremap: a }', { kind: 'mremap', dontUnmap: false, ...a }],
  ['{ mremap: a, dontUnmap: true }', { kind: 'mremap', dontUnmap: true, ...a }],
  ['{ mprotect: a, prot: none }', { kind: 'mprotect', prot: 'none', ...a }],
  ['{ madvise: a, advice: populate-write }', { kind: 'madvise', advice: 'populate-write', ...a }],
  ['{ mlock: a }', { kind: 'mlock', ...a }],
  ['{ munlock: a }', { kind: 'munlock', ...a }],
  ['{ mbind: a, node: gpu1 }', { kind: 'mbind', mode: 'bind', nodes: [2], home: null, ...a }],
  ['{ mbind: a, node: cpu, policy: preferred }', { kind: 'mbind', mode: 'preferred', nodes: [0], home: null, ...a }],
  [
    '{ mbind: a, nodes: [gpu1, cpu, gpu1], policy: preferred-many, home: gpu0 }',
    { kind: 'mbind', mode: 'preferred-many', nodes: [0, 2], home: 1, ...a },
  ],
  ['{ pin: a }', { kind: 'pin', longTerm: false, write: true, ...a }],
  ['{ pin: a, longTerm: true, write: false }', { kind: 'pin', longTerm: true, write: false, ...a }],
  ['{ unpin: a, part: [0.5, 1] }', { kind: 'unpin', ...range(0, 4 * MIB, 8 * MIB) }],
  ['{ sync: f }', { kind: 'sync', ...f }],
  ['{ truncate: f, to: 4MiB }', { kind: 'truncate', ...range(1, 4 * MIB, 8 * MIB) }],
  ['{ fileRead: f }', { kind: 'file-read', ...f }],
  ['{ fileWrite: f, bytes: [0, 4KiB] }', { kind: 'file-write', ...range(1, 0, 4096) }],
  ['{ migrate: a, to: gpu }', { kind: 'migrate', to: 1, ...a }],
  ['{ memcpy: a, from: f, at: gpu1 }', { kind: 'memcpy', source: 1, device: 2, ...a }],
  [
    '{ advise: a, hint: preferred-location, at: gpu1 }',
    { kind: 'advise', hint: 'preferred-location', at: 2, value: null, ...a },
  ],
  [
    '{ advise: a, hint: preferred-location, at: cpu, part: [0, 0.5] }',
    { kind: 'advise', hint: 'preferred-location', at: 0, value: null, ...range(0, 0, 4 * MIB) },
  ],
  ['{ advise: a, hint: read-mostly }', { kind: 'advise', hint: 'read-mostly', at: null, value: null, ...a }],
  ['{ advise: a, hint: granularity, value: 4 }', { kind: 'advise', hint: 'granularity', at: null, value: 4, ...a }],
  ['{ userfaultfd: a }', { kind: 'userfaultfd', ...a }],
  ['{ fork: child }', { kind: 'fork', child: 'child' }],
  ['{ exec: true }', { kind: 'exec' }],
  ['{ unplug: gpu1 }', { kind: 'unplug', device: 2 }],
  ['{ replug: gpu0 }', { kind: 'replug', device: 1 }],
  ['{ kernelAllocation: 64MiB }', { kind: 'kernel-allocation', bytes: 64 * MIB }],
  ['{ pressure: 4KiB }', { kind: 'pressure', bytes: 4096 }],
  ['{ memoryLimit: 2MiB }', { kind: 'memory-limit', bytes: 2 * MIB }],
  ['{ migration: off }', { kind: 'migration', enabled: false }],
  ['{ migration: on }', { kind: 'migration', enabled: true }],
  ['{ ksmScan: true }', { kind: 'ksm-scan' }],
];

describe('calls to the operating system', () => {
  it.each(calls)('%s', (call, expected) => {
    expect(actionOf(call)).toEqual(expected);
  });

  it('all of them are here, exit apart', () => {
    const seen = new Set(calls.map(([call]) => /\w+/.exec(call)?.[0]));
    expect(OS_CALLS.filter((call) => !seen.has(call))).toEqual(['exit']);
    const exit = withCall('{ fork: c }\n    - { os: { exit: true }, process: c }');
    expect(loadWorkload(exit, 'f').phases[0]?.parts[2]).toMatchObject({ process: 'c', action: { kind: 'exit' } });
  });
});

describe('objects and systems of the Linux model', () => {
  it('map and advice are carried; without them nothing is', () => {
    const objects =
      'a: { elements: 1 }, b: { elements: 1, map: hugetlb }, c: { elements: 1, map: static, advice: hugepage }';
    const { objects: found } = loadWorkload(
      `faultline: 1\nname: t\nobjects: { ${objects} }\nphases: [ { name: p, steps: [ { on: cpu, do: [ { read: a } ] } ] } ]`,
      'f',
    );
    expect(found.map(({ mapping, advice }) => [mapping, advice])).toEqual([
      [undefined, undefined],
      ['hugetlb', undefined],
      ['static', 'hugepage'],
    ]);
  });

  const withSystem = (system: string): string =>
    `faultline: 1\nname: t\nsystem: ${system}\nobjects: { a: { elements: 1 } }\nphases: [ { name: p, steps: [ { on: cpu, do: [ { read: a } ] } ] } ]`;
  it.each([
    ['hmm', { id: 'hmm', params: {} }],
    ['{ id: coherent, thp: always, hostMemory: 64 }', { id: 'coherent', params: { thp: 'always', hostMemory: 64 } }],
  ])('system %s', (system, expected) => {
    expect(loadWorkload(withSystem(system), 'f').system).toEqual(expected);
  });

  it.each([
    ['[hmm]', 'f:3:9: system: is a list of 1; expected a memory system such as "hmm", or { id: hmm, parameters … }'],
  ])('system %s is refused', (system, expected) => {
    let message = '';
    try {
      loadWorkload(withSystem(system), 'f');
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      message = error.message;
    }
    expect(message.slice(0, expected.length)).toBe(expected);
  });
});
