import { describe, expect, it } from 'vitest';
import { Refusal } from '../../../src-core/model/refusal';
import { loadWorkload } from '../../../src-core/workload';
import { MAX_PROCESSES } from '../../../src-core/workload/limits';

/** What a text is refused for: `line:column path kind: message`; empty where it is not. */
function problems(text: string): string[] {
  try {
    loadWorkload(text, 'bad.yaml');
    return [];
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return error.details.map(
      ({ place, kind, message }) => `${place?.line}:${place?.column} ${place?.path ?? '-'} ${kind}: ${message}`,
    );
  }
}

/** The steps begin in line 7, column 7. Objects: A of 1 MiB, F a file of 1 MiB. */
const inPhase = (steps: readonly string[], repeat = 1): string =>
  `faultline: 1\nname: t\nobjects: { A: { size: 1MiB }, F: { size: 1MiB, map: file-shared } }\nphases:\n - name: p\n   repeat: ${repeat}\n   steps:\n${steps.map((step) => `    - ${step}\n`).join('')}`;
const call = (text: string): string => inPhase([`{ os: ${text} }`]);
const use = (process: string): string => `{ on: cpu, process: ${process}, do: [ { read: A } ] }`;
const OS = '8:13 phases[0].steps[0].os';

describe('a call that is wrong', () => {
  it.each([
    ['{ }', `${OS} missing-key: calls nothing; expected one of munmap, `],
    [
      '{ munmap: A, mlock: A }',
      '8:26 phases[0].steps[0].os.mlock wrong-value: "munmap" and "mlock" in one step; make two steps',
    ],
    ['{ munmap: B }', '8:23 phases[0].steps[0].os.munmap unknown-object: there is no object "B"; did you mean "A"?'],
    ['{ munmpa: A }', '8:15 phases[0].steps[0].os.munmpa unknown-key: unknown key "munmpa"; did you mean "munmap"?'],
    [
      '{ munmap: A, bytes: [0, 2MiB] }',
      '8:33 phases[0].steps[0].os.bytes wrong-range: [0, 2097152) is not inside A; expected 0 ≤ from < to ≤ 1048576 (bytes)',
    ],
    [
      '{ munmap: A, elements: [5, 200000] }',
      '8:36 phases[0].steps[0].os.elements wrong-range: [5, 200000) is not inside A; expected 0 ≤ from < to ≤ 131072 (elements)',
    ],
    [
      '{ munmap: A, part: [0, 2] }',
      '8:36 phases[0].steps[0].os.part[1] wrong-value: is 2; expected a fraction from 0 to 1',
    ],
    ['{ mprotect: A, prot: x }', '8:34 phases[0].steps[0].os.prot wrong-value: is "x"; '],
    [
      '{ mprotect: A, prot: rwx }',
      '8:34 phases[0].steps[0].os.prot wrong-value: is "rwx"; did you mean "rw"? (expected one of none, r, rw)',
    ],
    [
      '{ mprotect: A }',
      `${OS} missing-key: mprotect needs "prot"; expected none, r or rw, such as { mprotect: A, prot: r }`,
    ],
    [
      '{ madvise: A, advice: dontned }',
      '8:35 phases[0].steps[0].os.advice wrong-value: is "dontned"; did you mean "dontneed"? (expected one of dontneed, ',
    ],
    ['{ madvise: A }', `${OS} missing-key: madvise needs "advice"; expected an advice, such as `],
    ['{ advise: A }', `${OS} missing-key: advise needs "hint"; expected a hint, such as { advise: A, hint: `],
    [
      '{ advise: A, hint: accessed-by }',
      `${OS} missing-key: the hint accessed-by needs "at"; expected cpu or a gpu, such as `,
    ],
    [
      '{ advise: A, hint: granularity }',
      `${OS} missing-key: the hint granularity needs "value"; expected log2 of pages, such as { advise: A, hint: `,
    ],
    [
      '{ advise: A, hint: read-mostly, at: gpu0 }',
      '8:45 phases[0].steps[0].os.at wrong-key: "at" is not allowed with the hint read-mostly',
    ],
    [
      '{ advise: A, hint: granularity, value: 64 }',
      '8:52 phases[0].steps[0].os.value wrong-value: is 64; expected a whole number from 0 to 63',
    ],
    [
      '{ munmap: A, prot: r }',
      '8:26 phases[0].steps[0].os.prot wrong-key: "prot" is only for mprotect, not for munmap',
    ],
    [
      '{ munmap: A, to: cpu }',
      '8:26 phases[0].steps[0].os.to wrong-key: "to" is only for truncate and migrate, not for munmap',
    ],
    [
      '{ fork: c, part: [0, 1] }',
      '8:24 phases[0].steps[0].os.part wrong-key: "part" chooses a part of an object; fork has none',
    ],
    [
      '{ unplug: gpu1 }',
      '8:23 phases[0].steps[0].os.unplug unknown-device: there is no gpu1 in this workload; its steps run on gpu0. Expected gpu0',
    ],
    ['{ unplug: cpu }', '8:23 phases[0].steps[0].os.unplug wrong-value: is "cpu"; expected gpu0'],
    ['{ replug: gpu9 }', '8:23 phases[0].steps[0].os.replug wrong-value: is "gpu9"; expected gpu0'],
    ['{ mbind: A, node: gpu1 }', '8:31 phases[0].steps[0].os.node unknown-device: there is no gpu1 in this workload; '],
    ['{ mbind: A }', `${OS} missing-key: mbind needs "node"; expected cpu or a gpu, such as { mbind: A, node: gpu0 }`],
    [
      '{ mbind: A, node: cpu, nodes: [gpu0] }',
      '8:36 phases[0].steps[0].os.nodes wrong-key: "node" names one node, "nodes" several; remove one of them',
    ],
    [
      '{ mbind: A, nodes: [gpu1] }',
      '8:32 phases[0].steps[0].os.nodes unknown-device: there is no gpu1 in this workload; ',
    ],
    [
      '{ mbind: A, node: cpu, policy: preferred, home: cpu }',
      '8:55 phases[0].steps[0].os.home wrong-key: policy preferred has no home node; expected bind or preferred-many with it',
    ],
    ['{ migrate: A, to: gpu1 }', '8:31 phases[0].steps[0].os.to unknown-device: there is no gpu1 in this workload; '],
    [
      '{ migrate: A }',
      `${OS} missing-key: migrate needs "to"; expected cpu or a gpu, such as { migrate: A, to: gpu0 }`,
    ],
    [
      '{ truncate: A, to: 4KiB }',
      '8:25 phases[0].steps[0].os.truncate wrong-value: truncate needs a file; A is mapped anon. Give it map: file-shared or file-private',
    ],
    ['{ sync: A }', '8:21 phases[0].steps[0].os.sync wrong-value: sync needs a file; A is mapped anon. '],
    [
      '{ truncate: F, to: 1MiB }',
      '8:32 phases[0].steps[0].os.to wrong-range: 1048576 bytes; expected whole pages of 4 KiB, less than the 1048576 bytes of F',
    ],
    [
      '{ truncate: F, to: 5KiB }',
      '8:32 phases[0].steps[0].os.to wrong-range: 5120 bytes; expected whole pages of 4 KiB, ',
    ],
    ['{ truncate: F, to: cpu }', '8:32 phases[0].steps[0].os.to wrong-value: '],
    [
      '{ truncate: F, to: 4KiB, part: [0, 1] }',
      '8:38 phases[0].steps[0].os.part wrong-key: "part" is not allowed with truncate; give the new size with "to"',
    ],
    [
      '{ pressure: 5 }',
      '8:25 phases[0].steps[0].os.pressure wrong-value: is 5; expected a size with its unit, such as "32MiB" ',
    ],
    ['{ pressure: 1KiB }', '8:25 phases[0].steps[0].os.pressure limit: 1024 bytes; expected 4 KiB to 2^47 bytes'],
    ['{ migration: maybe }', '8:26 phases[0].steps[0].os.migration wrong-value: is "maybe"; expected on or off'],
    ['{ ksmScan: false }', '8:24 phases[0].steps[0].os.ksmScan wrong-value: is false; expected true'],
    [
      '{ fork: main }',
      '8:21 phases[0].steps[0].os.fork duplicate-name: "main" is the process that every run starts with; use another name',
    ],
    ['{ fork: "a b" }', '8:21 phases[0].steps[0].os.fork bad-name: "a b" is not a process name; '],
  ])('%s', (text, expected) => {
    const [first = ''] = problems(call(text));
    expect(first.slice(0, expected.length)).toBe(expected);
  });

  it('a call is a step of its own, with process and iterations, and no branch', () => {
    expect(problems(inPhase(['{ os: { munmap: A }, repeat: 2 }']))).toEqual([
      '8:28 phases[0].steps[0].repeat wrong-key: "repeat" is not allowed with "os", which is a step of its own; make two steps',
    ]);
    expect(problems(inPhase(['concurrently: { steps: [ { os: { munmap: A } } ] }']))).toEqual([
      '8:38 phases[0].steps[0].concurrently.steps[0].os wrong-value: is not allowed in concurrently; make it a step before or after',
    ]);
    expect(problems(inPhase(['{ os: { munmap: A }, iterations: { from: 2 } }']))).toEqual([
      '8:40 phases[0].steps[0].iterations wrong-value: the call never runs: the phase has 1 iterations, the call begins at 2 and ends at 1',
    ]);
  });

  it('what Linux would answer is no error of the file: munmap twice, mremap of hugetlb, mlock of what is gone', () => {
    expect(
      problems(
        inPhase(['os: { munmap: A }', 'os: { munmap: A }', 'os: { mlock: A }', '{ on: cpu, do: [ { read: A } ] }']),
      ),
    ).toEqual([]);
    expect(
      problems(call('{ mremap: A, bytes: [1, 5] }').replace('{ size: 1MiB }', '{ size: 2MiB, map: hugetlb }')),
    ).toEqual([]);
  });
});

describe('an object that is wrong', () => {
  it.each([
    ['map: anno', 'wrong-value: is "anno"; did you mean "anon"? (expected one of anon, anon-shared, file-private, '],
    ['advice: dontneed', 'wrong-value: is "dontneed"; '],
  ])('%s', (key, expected) => {
    const [first = ''] = problems(call('{ munmap: A }').replace('A: { size: 1MiB }', `A: { size: 1MiB, ${key} }`));
    expect(first).toContain(expected);
    expect(first).toMatch(/^3:\d+ objects\.A\.(map|advice) /);
  });
});

describe('processes that are not there', () => {
  const process = 'phases[0].steps';
  it.each<[string, string[], number, string[]]>([
    [
      'of a name that nobody forks',
      ['os: { fork: child }', use('chidl')],
      1,
      [
        `9:27 ${process}[1].process unknown-process: there is no process "chidl"; did you mean "child"? (a step { os: { fork: chidl } } makes one)`,
      ],
    ],
    [
      'before the fork',
      [use('child'), 'os: { fork: child }'],
      1,
      [
        `8:27 ${process}[0].process process-not-forked: process "child" is forked later; move its fork before this step`,
      ],
    ],
    [
      'after the exit',
      ['os: { fork: child }', '{ os: { exit: true }, process: child }', use('child')],
      1,
      [
        `10:27 ${process}[2].process process-ended: process "child" has ended here; fork it again, or move the step before its exit`,
      ],
    ],
    [
      'alive already',
      ['os: { fork: child }', 'os: { fork: child }'],
      1,
      [
        `9:19 ${process}[1].os.fork duplicate-process: process "child" still exists here; let it exit first, or use another name`,
      ],
    ],
    [
      'forked again in the second iteration',
      ['os: { fork: child }', use('child')],
      2,
      [
        `8:19 ${process}[0].os.fork duplicate-process: process "child" still exists here (iteration 2); let it exit first, or use another name`,
      ],
    ],
    [
      'ended in an iteration before',
      [
        '{ os: { fork: child }, iterations: { to: 1 } }',
        use('child'),
        '{ os: { exit: true }, process: child, iterations: { from: 3 } }',
      ],
      5,
      [
        `9:27 ${process}[1].process process-ended: process "child" has ended here (iteration 4); fork it again, or move the step before its exit`,
        `10:21 ${process}[2].os.exit process-ended: process "child" has ended here (iteration 4); fork it again, or move the step before its exit`,
      ],
    ],
    [
      'main, after its end',
      ['os: { exit: true }', '{ on: cpu, do: [ { read: A } ] }'],
      1,
      [
        `9:7 ${process}[1] process-ended: process "main" has ended here; fork it again, or move the step before its exit`,
      ],
    ],
    [
      'in a branch',
      ['concurrently: { steps: [ { on: gpu, process: child, do: [ { read: A } ] } ] }', 'os: { fork: child }'],
      1,
      [
        `8:52 ${process}[0].concurrently.steps[0].process process-not-forked: process "child" is forked later; move its fork before this step`,
      ],
    ],
    [
      'unpin without pin',
      ['os: { unpin: A }'],
      1,
      [
        `8:20 ${process}[0].os.unpin not-pinned: nothing of "A" pinned here; expected an earlier step { os: { pin: A } }`,
      ],
    ],
    [
      'unpin of what another process pinned',
      ['os: { fork: child }', '{ os: { pin: A }, process: child }', 'os: { unpin: A }'],
      1,
      [
        `10:20 ${process}[2].os.unpin not-pinned: nothing of "A" pinned here; expected an earlier step { os: { pin: A } }`,
      ],
    ],
  ])('%s', (_, steps, repeat, expected) => {
    expect(problems(inPhase(steps, repeat))).toEqual(expected);
  });

  it('forked, ended and forked again, in each of a billion iterations, is fine and is checked at once', () => {
    const steps = ['os: { fork: child }', use('child'), 'os: { fork: two }', '{ os: { exit: true }, process: two }'];
    expect(problems(inPhase([...steps, '{ os: { exit: true }, process: child }'], 1_000_000))).toEqual([]);
  });

  it(`${MAX_PROCESSES} processes with main, and no more`, () => {
    const forks = (count: number): string => inPhase(Array.from({ length: count }, (_, i) => `os: { fork: c${i} }`));
    expect(problems(forks(MAX_PROCESSES - 1))).toEqual([]);
    expect(problems(forks(MAX_PROCESSES))).toEqual([
      `71:19 phases[0].steps[63].os.fork limit: 65 processes with main; at most 64. Reuse a name after the exit of its process`,
    ]);
  });
});
