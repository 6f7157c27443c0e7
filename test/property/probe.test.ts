import { it } from 'vitest';
import { caseOf, compare } from './compare';
import { drive } from './drive';
it('probe', async () => {
  const t0 = performance.now();
  let bad = 0;
  for (let seed = 1; seed <= 500; seed++) {
    const t = performance.now();
    const test = caseOf(seed);
    try {
    const { differences, engine } = await compare(test);
    const t2 = performance.now();
    const sliced = await drive(test.source, test.scenario, { machine: test.machine, slice: 7 });
    const s = sliced.hash === engine.hash ? '' : 'SLICE ';
    if (t2 - t > 1500) console.log('slow', seed, Math.round(t2 - t), engine.run.memory.accessCount, test.about);
    if (differences.length || s) { bad++; console.log(seed, s, test.about, '\n   ', differences.slice(0, 4).join('\n    ')); }
    } catch (e) { bad++; console.log(seed, 'THROW', test.about, (e as Error).stack?.slice(0, 600)); }
  }
  console.log('bad', bad, 'ms', performance.now() - t0);
}, 600000);
