/** The twelve workloads of the thread (docs/rules/thread-2015.md): written once, they run to their end everywhere. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { memorySystems } from '../../../src-core/systems';
import { pcie4x16g } from '../../../src-core/presets/machines/pcie4-16g';
import { loadWorkload } from '../../../src-core/workload';
import { runSystem } from './run-system';

const folder = join(import.meta.dirname, '../../../examples/thread-2015');
const files = readdirSync(folder).sort();
/** Those on the Linux model: they have its parameters. */
const systems = memorySystems.filter(({ schema }) => 'contents' in schema.shape).map(({ id }) => id);

/** Results of a system that has no room left, or of the host that has none: what the workload asks, not a mistake. */
const EXPECTED_ANSWERS = /^(ENOSPC|ENOMEM|OOM|EBUSY: \d+ pages stay)$/;

describe.each(files)('%s', (file) => {
  const text = readFileSync(join(folder, file), 'utf8');
  it.each(systems)('%s: every access is made, every byte is the one written last, the books are right', async (id) => {
    const { run, summary, reads, mismatches } = await runSystem(text, id, { contents: true }, {}, pcie4x16g);
    expect(reads).toBeGreaterThan(10_000);
    expect(mismatches).toBe(0);
    const made = run.objects.reduce((sum, { accesses }) => sum + accesses, 0);
    expect(made).toBe(loadWorkload(text, file).accesses);
    const { rssConsistent, memcgConsistent } = summary.numbers;
    expect({ rssConsistent, memcgConsistent }).toEqual({ rssConsistent: true, memcgConsistent: true });
    expect(summary.outcomes.filter(({ result }) => !EXPECTED_ANSWERS.test(result))).toEqual([]);
  });
});

const read = (name: string): string => readFileSync(join(folder, name), 'utf8');

it('12-memory-exhausted.yaml on a host of 16 MiB: the program is killed without swap, and comes through with it', async () => {
  const killed = await runSystem(read('12-memory-exhausted.yaml'), 'off', { hostMemory: 16 }, {}, pcie4x16g);
  expect(killed.summary.outcomes[0]).toMatchObject({ result: 'OOM', what: 'cpu write', object: 'late', count: 1 });
  const swapped = await runSystem(read('12-memory-exhausted.yaml'), 'off', { hostMemory: 16, swap: 16 }, {}, pcie4x16g);
  expect(swapped.summary.outcomes).toEqual([]);
  expect(swapped.summary.numbers.swapOuts).toBeGreaterThan(0);
  expect(swapped.summary.numbers.swapIns).toBeGreaterThan(0);
});
