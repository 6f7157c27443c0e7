/** The twelve workloads of the thread without XNACK, where the program registers what its devices use. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { pcie4x16g } from '../../../../src-core/presets/machines/pcie4-16g';
import { loadWorkload } from '../../../../src-core/workload';
import { runSystem } from '../run-system';

const folder = join(import.meta.dirname, '../../../../examples/thread-2015');

it.each(readdirSync(folder).sort())('%s: no device faults, and every byte is the one written last', async (file) => {
  const text = readFileSync(join(folder, file), 'utf8');
  const params = { contents: true, xnack: false, register: true };
  const { run, summary, totals, reads, mismatches } = await runSystem(text, 'amd-svm', params, {}, pcie4x16g);
  expect(reads).toBeGreaterThan(10_000);
  expect(mismatches).toBe(0);
  expect(totals['gpuFaults']).toBe(0);
  expect(run.objects.reduce((sum, { accesses }) => sum + accesses, 0)).toBe(loadWorkload(text, file).accesses);
  expect(summary.numbers).toMatchObject({ rssConsistent: true, memcgConsistent: true });
  expect(summary.outcomes.filter(({ result }) => !/^(EBUSY: \d+ pages stay)$/.test(result))).toEqual([]);
});
