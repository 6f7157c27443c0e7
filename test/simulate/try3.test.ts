import { it } from 'vitest';
import { runSeed } from './run';
import { PROPERTIES } from './properties';
it('times', () => {
  const sums = new Map<string, number>();
  const props = PROPERTIES as unknown as Record<string, (s: never) => string[]>;
  for (const k of Object.keys(props)) {
    const f = props[k]!;
    props[k] = (s) => {
      const t = performance.now();
      const r = f(s);
      sums.set(k, (sums.get(k) ?? 0) + performance.now() - t);
      return r;
    };
  }
  const slow: [number, boolean, number][] = [];
  for (let seed = 1; seed <= 150; seed++) {
    let large = false;
    const t = performance.now();
    runSeed(seed, {
      trace: (_a, _b, w) => {
        large = w.isLarge;
      },
    });
    slow.push([seed, large, performance.now() - t]);
  }
  for (const l of [true, false]) {
    const x = slow.filter((s) => s[1] === l);
    console.log(l, x.length, x.reduce((a, b) => a + b[2], 0) / x.length);
  }
  console.log(
    slow
      .sort((a, b) => b[2] - a[2])
      .slice(0, 8)
      .join(' '),
  );
  console.log([...sums].map(([k, v]) => `${k}=${v.toFixed(0)}`).join(' '));
});
