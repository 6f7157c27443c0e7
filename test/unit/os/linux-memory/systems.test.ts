import { describe, expect, it } from 'vitest';
import { readFileSync } from 'node:fs';
import { memorySystems } from '../../../../src-core/policies/systems';
import { runSystem } from './run-system';

const dgemm = readFileSync('examples/s10-dgemm-on-malloc.yaml', 'utf8').replaceAll('128MiB', '2MiB').replaceAll('4096', '512').replace('tile: 256', 'tile: 64');

describe('dgemm on malloc under every memory system', () => {
  for (const { id } of memorySystems.filter((system) => system.id !== 'managed'))
    it(`${id}: runs unchanged, and every byte read is the one written last`, async () => {
      const run = await runSystem(dgemm, id, { contents: true });
      const summary = run.summary;
      console.log(id, JSON.stringify({ ...run.totals, mismatches: run.mismatches, reads: run.reads }), JSON.stringify(summary.outcomes));
      expect(run.mismatches).toBe(0);
      expect(run.reads).toBeGreaterThan(1000);
      expect(summary.numbers.rssConsistent).toBe(true);
      expect(summary.numbers.memcgConsistent).toBe(true);
    });
});
