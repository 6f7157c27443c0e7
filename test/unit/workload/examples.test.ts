import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { KIB, MIB } from '../../../src-core/base/units';
import { compileWorkload, loadWorkload, type Workload } from '../../../src-core/workload';
import { stepsOf } from '../../../src-core/workload/cost';
import { type R0Counts, runR0 } from './r0';

const folder = fileURLToPath(new URL('../../../examples/', import.meta.url));
const files = readdirSync(folder).filter((name) => name.endsWith('.yaml'));
const load = (file: string, edit: (text: string) => string = (text) => text): Workload =>
  loadWorkload(edit(readFileSync(folder + file, 'utf8')), file);
const count = (workload: Workload, granule = workload.granularity ?? 0): R0Counts =>
  runR0(compileWorkload(workload), granule, workload.deviceMemoryBytes ?? 0);

describe('the examples that ship', () => {
  it('are the scenarios of the product', () => {
    expect(files.sort()).toEqual([
      's1-jacobi-residual.yaml',
      's10-dgemm-on-malloc.yaml',
      's2-flag-sharing.yaml',
      's3-linked-list-48m.yaml',
      's3-linked-list.yaml',
      's4-alternating.yaml',
      's4-oversubscribed-stencil.yaml',
      's5-embedding-zipf.yaml',
      's8-read-mostly.yaml',
      's9-first-touch-triad.yaml',
    ]);
  });

  it.each(files)('%s says what it is, on which machine, and holds its own counts in a plain R0 model', (file) => {
    const workload = load(file);
    expect(workload.about.length).toBeGreaterThan(80);
    expect(workload.machine).toBe(file.startsWith('s1-') ? 'pcie4-16g' : 'r0');
    expect(workload.deviceMemoryBytes).toBeGreaterThan(0);
    const counts = count(workload);
    expect(counts.accesses).toBe(workload.accesses);
    let compared = 0;
    for (const { what, expected } of workload.expect) {
      if (!(what in counts)) continue; // dead bytes and objects are the engine's to show
      const actual = counts[what as keyof R0Counts];
      if (typeof expected === 'number') expect([what, actual]).toEqual([what, expected]);
      else {
        expect(actual).toBeGreaterThanOrEqual(expected.min ?? 0);
        expect(actual).toBeLessThanOrEqual(expected.max ?? Infinity);
      }
      compared++;
    }
    expect(compared).toBeGreaterThanOrEqual(3);
  });

  // The table of the reference: GPU faults, MiB to the device, MiB to the host, by block size.
  it.each([
    ['s1-jacobi-residual.yaml', 4 * KIB, 835_584, 3232, 3200],
    ['s1-jacobi-residual.yaml', 2 * MIB, 1632, 3232, 3200],
    ['s2-flag-sharing.yaml', 64 * KIB, 2024, 126.5, 62.5],
    ['s2-flag-sharing.yaml', 2 * MIB, 1032, 2064, 2000],
    ['s3-linked-list.yaml', 4 * KIB, 16_384, 64, 0],
    ['s3-linked-list.yaml', 2 * MIB, 32, 64, 0],
    ['s9-first-touch-triad.yaml', 4 * KIB, 98_304, 384, 0],
    ['s9-first-touch-triad.yaml', 2 * MIB, 192, 384, 0],
  ])('%s at %i bytes', (file, granule, gpuFaults, toDevice, toHost) => {
    const counts = count(load(file), granule);
    expect([counts.gpuFaults, counts.bytesToDevice / MIB, counts.bytesToHost / MIB]).toEqual([
      gpuFaults,
      toDevice,
      toHost,
    ]);
  });

  it.each([
    ['s3-linked-list-48m.yaml', 4 * KIB, 542_140, 0.01],
    ['s3-linked-list-48m.yaml', 2 * MIB, 523_826, 0.03],
    ['s5-embedding-zipf.yaml', 64 * KIB, 1_241_547, 0.01],
    ['s5-embedding-zipf.yaml', 2 * MIB, 1_942_116, 0.03],
  ])('%s at %i bytes: %i GPU faults within tolerance', (file, granule, gpuFaults, tolerance) => {
    expect(Math.abs(count(load(file), granule).gpuFaults / gpuFaults - 1)).toBeLessThan(tolerance);
  });

  it('s5 with rows sorted by frequency faults as published', () => {
    const sorted = load('s5-embedding-zipf.yaml', (text) => text.replace('placement: hashed', 'placement: sorted'));
    expect(Math.abs(count(sorted, 4 * KIB).gpuFaults / 304_603 - 1)).toBeLessThan(0.01);
  });
});

describe('the twelve workloads of the thread', () => {
  const thread = readdirSync(`${folder}thread-2015`).sort();

  it('are all here, one for each of thread-2015 section 6, among them dgemm-on-malloc', () => {
    expect(thread.map((name) => name.slice(0, 3))).toEqual(
      Array.from({ length: 12 }, (_, index) => `${String(index + 1).padStart(2, '0')}-`),
    );
    expect(thread[0]).toBe('01-dgemm-on-malloc.yaml');
  });

  it.each(thread)('%s says what it is, has times, and leaves the memory system open', (name) => {
    const workload = load(`thread-2015/${name}`);
    expect(workload.about.length).toBeGreaterThan(80);
    expect(workload.text).toContain('# Look at: ');
    expect([workload.machine, workload.system]).toEqual(['pcie4-16g', undefined]);
    const data = workload.objects.reduce((sum, { bytes, origin }) => sum + (origin === undefined ? bytes : 0), 0);
    expect(data).toBeLessThanOrEqual(64 * MIB);
    expect(workload.deviceMemoryBytes).toBeLessThanOrEqual(64 * MIB);
    expect(workload.phases.flatMap(stepsOf).some(({ processor }) => processor > 0)).toBe(true);
  });
});
