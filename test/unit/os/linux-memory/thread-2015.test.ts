/** The twelve workloads of the thread: written once, they run to their end under every memory system. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { memorySystems } from '../../../../src-core/policies/systems';
import { pcie4x16g } from '../../../../src-core/presets/machines/pcie4-16g';
import { runSystem } from './run-system';

const folder = join(import.meta.dirname, '../../../../examples/thread-2015');
const files = readdirSync(folder).sort();
const systems = memorySystems.filter(({ id }) => id !== 'managed').map(({ id }) => id);

describe.each(files)('%s', (file) => {
  const text = readFileSync(join(folder, file), 'utf8');
  it.each(systems)('%s', async (id) => {
    const began = Date.now();
    const run = await runSystem(text, id, { contents: true }, {}, pcie4x16g);
    const { numbers, outcomes } = run.summary;
    console.log(file, id, Date.now() - began, 'ms', run.mismatches, run.reads, numbers.rssConsistent, numbers.memcgConsistent, JSON.stringify(outcomes));
    expect(run.reads).toBeGreaterThan(0);
  });
});
