import { describe, expect, it } from 'vitest';
import { PLANTED } from './planted';
import { PROPERTIES, type PropertyName } from './properties';
import { runSeed } from './run';

/** Seeds within which each planted bug has to be found. */
const SEEDS = Array.from({ length: 40 }, (_, i) => i + 1);

describe('semantics section 16: each property catches a bug of its kind', () => {
  it('no bug is reported when none is planted', () => {
    expect(SEEDS.map((seed) => runSeed(seed).failure).filter((failure) => failure !== null)).toEqual([]);
  });

  it.each(Object.keys(PROPERTIES) as PropertyName[])('%s', (property) => {
    const found = SEEDS.map((seed) => runSeed(seed, { plant: PLANTED[property] }).failure?.property ?? 'nothing');
    expect(found).toContain(property);
  });
});
