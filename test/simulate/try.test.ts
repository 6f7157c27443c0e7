import { expect, it } from 'vitest';
import { runSeed } from './run';

it('tries', () => {
  const first = Number(process.env.FROM ?? 1);
  const n = Number(process.env.N ?? 50);
  const t0 = Date.now();
  const kinds = new Map<string, string[]>();
  const counts = new Map<string, number>();
  for (let seed = first; seed < first + n; seed++) {
    const { failure, counts: own } = runSeed(seed);
    for (const [k, v] of own) counts.set(k, (counts.get(k) ?? 0) + v);
    if (!failure) continue;
    const key = `${failure.property} @ ${failure.operation}: ${failure.wrong[0]!.replace(/\d+/g, '#').split('\n').slice(0, 3).join(' | ')}`;
    const list = kinds.get(key) ?? [];
    list.push(`${seed}@${failure.step}: ${failure.wrong.join('\n    ').slice(0, n === 1 ? 3000 : 400)}`);
    kinds.set(key, list);
  }
  const bad = [...kinds].sort((a, b) => b[1].length - a[1].length);
  for (const [key, list] of bad.slice(0, 12))
    console.log(
      `${list.length} x ${key}\n   e.g. ${list[0]}\n   seeds ${list
        .slice(0, 6)
        .map((s) => s.split(':')[0])
        .join(' ')}`,
    );
  console.log(`${n} seeds, ${bad.reduce((s, b) => s + b[1].length, 0)} fail, ${Date.now() - t0} ms`);
  if (process.env.COUNTS)
    console.log(
      [...counts]
        .sort()
        .map(([k, v]) => `${k}=${v}`)
        .join(' '),
    );
  expect(true).toBe(true);
});
