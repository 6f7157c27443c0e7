/** Random programs on the drivers of AMD and Intel, with little VRAM: every byte is the one written last, the books are right. */
import { expect, it } from 'vitest';
import { randomStream, type Random } from '../../../src-core/base/random';
import { pcie4x16g } from '../../../src-core/presets/machines/pcie4-16g';
import { answers, runDriver } from './driver-stage';

type Params = Readonly<Record<string, number | string | boolean>>;
const SETTINGS: readonly (readonly [string, Params])[] = [
  ['amd-svm', {}],
  ['amd-svm', { svm_default_granularity: 3, register: true, xgmiHive: true }],
  ['amd-svm', { xnack: false, register: true }],
  ['xe-svm', {}],
  ['xe-svm', { svm_notifier_size: '1', vramNeed64k: true, evictOnPartialUnmap: true }],
];
const SEEDS = 6;
const STEPS = 24;

/** What a driver or Linux may answer to such a program; anything else is a mistake of ours. */
const LEGAL = /: (EFAULT|EACCES|EPERM|EBUSY|EINVAL|ENOENT|ENODATA|ENOMEM|ENOSPC|SIGBUS|SIGSEGV|\d+ folios stay)$/;

function program(random: Random): readonly string[] {
  const pick = <T>(items: readonly T[]): T => items[random.below(items.length)]!;
  const part = (): string => {
    const from = random.below(8) / 8;
    return `part: [${from}, ${from + 0.125 * (1 + random.below(Math.round((1 - from) * 8)))}]`;
  };
  const access = (): string =>
    `{ on: ${pick(['cpu', 'cpu', 'gpu0', 'gpu0', 'gpu1'])}, do: [{ ${pick(['read', 'write', 'readwrite', 'atomic'])}: ${pick(['a', 'b'])}, ${part()} }] }`;
  const hint = (): string =>
    pick([
      'preferred-location, at: gpu0',
      'preferred-location, at: cpu',
      'no-preferred-location',
      'accessed-by, at: gpu1',
      'access, at: gpu1',
      'granularity, value: 5',
      'always-mapped',
      'not-always-mapped',
      'atomic-device',
    ]);
  const call = (): string =>
    `os: { ${pick([
      `migrate: a, to: ${pick(['cpu', 'gpu0', 'gpu1'])}`,
      `advise: a, hint: ${hint()}`,
      `madvise: ${pick(['a', 'b'])}, advice: ${pick(['dontneed', 'pageout', 'hugepage', 'cold'])}`,
    ])}, ${part()} }`;
  const steps = ['{ on: cpu, do: [{ write: a }, { write: b }] }', '{ on: gpu1, do: [{ read: b, elements: [0, 1] }] }'];
  const forkAt = 3 + random.below(STEPS);
  for (let i = 0; i < STEPS; i++) {
    if (i === forkAt) steps.push('os: { fork: child }');
    const step = random.below(3) === 0 ? call() : access();
    steps.push(
      i > forkAt && random.below(4) === 0 && step.startsWith('{') ? step.replace('do:', 'process: child, do:') : step,
    );
  }
  steps.push('{ on: cpu, do: [{ read: a }, { read: b }] }');
  return steps;
}

it.each(SETTINGS)('%s %j', async (system, params) => {
  for (let seed = 1; seed <= SEEDS; seed++) {
    const steps = program(randomStream(seed, 'drivers'));
    const told = `seed ${seed}\n${steps.join('\n')}`;
    const result = await runDriver(system, steps, {
      params: { hostMemory: 64, swap: 64, ...params },
      memory: '1MiB',
      machine: pcie4x16g,
      sizes: '1MiB',
    });
    expect(result.mismatches, told).toBe(0);
    expect(result.summary.numbers, told).toMatchObject({ rssConsistent: true, memcgConsistent: true });
    expect(
      answers(result).filter((answer) => !LEGAL.test(answer)),
      told,
    ).toEqual([]);
  }
});
