import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { randomStream } from '../../src-core/base/random';
import type { AccessSource } from '../../src-core/contracts/access-stream';
import { compileWorkload, loadWorkload } from '../../src-core/workload';
import { openFileSource } from '../../src-main/io/file-source';
import { randomWorkload } from '../property/random-workload';
import { bytesOf, fixtures, prepare } from './import-fixtures';
import { type Place, Player } from './stream-player';

/** Items that a long stream is followed for. */
const MOST_ITEMS = 400;

/** Loops that are longer than a batch, each generator and each construct among them. */
const LONG = `faultline: 1
name: long
objects:
  u: { layout: matrix, rows: 9000, columns: 40, element: f64 }
  v: { layout: matrix, rows: 9000, columns: 40, element: f64 }
  x: { layout: matrix, rows: 300, columns: 300, element: f64 }
  t: { elements: 100000, element: 64B }
  l: { layout: list, elements: 90000, element: 64B }
phases:
  - name: p
    repeat: 5
    steps:
      - os: { madvise: u, advice: cold }
      - on: gpu
        repeat: 2
        do:
          - { stencil: { read: u, write: v, points: 5 }, direction: alternate }
          - { read: u }
          - { write: v, direction: reverse }
      - { swap: [u, v] }
      - on: gpu
        iterations: { from: 2, every: 2 }
        do:
          - { gemm: { a: x, b: x, c: x, n: 299, tile: 16, beta: 1 } }
          - { read: t, pattern: random, count: 150000 }
      - concurrently:
          quantum: 1000
          steps:
            - { on: gpu, do: [ { read: t, pattern: zipf, count: 200000, s: 1, placement: hashed }, { read: u } ] }
            - on: gpu1
              do:
                - { read: t, pattern: zipf, count: 70000, s: 0.5, placement: sorted }
                - together:
                    - { read: t, pattern: random, index: n, element: 8B, count: 20000 }
                    - { read: u, pattern: random, index: m, element: 4B }
                    - { write: v, elements: [0, 20000] }
            - { on: cpu, do: [ { read: l, pattern: chase, passes: 2 } ] }
  - name: idle
    repeat: 1000000000
    steps:
      - { swap: [u, v] }
      - { on: cpu, iterations: { every: 300000000 }, do: [ { read: u }, { read: v, pattern: random, count: 3 } ] }
`;

const workload = (name: string, text: string): AccessSource => compileWorkload(loadWorkload(text, name));
const examples = (readdirSync('examples', { recursive: true }) as string[])
  .filter((name) => name.endsWith('.yaml'))
  .sort();

/** Goes to random places, each from wherever the last one ended; what follows must be what followed the first time. */
async function goesBack(source: AccessSource, seed: number): Promise<number> {
  const random = randomStream(seed, 'access streams');
  const player = new Player(source);
  const other = new Player(source);
  const places: Place[] = [];
  const seen: (string | null)[] = [];
  while (seen.length < MOST_ITEMS && seen.at(-1) !== null) {
    places.push(player.place());
    seen.push(await player.next());
  }
  const follow = async (who: Player, from: number): Promise<void> => {
    who.go(places[from]!);
    const items = 1 + random.below(6);
    for (let i = from; i < Math.min(from + items, seen.length); i++)
      if ((await who.next()) !== seen[i]) expect.fail(`item ${i} differs after going back to item ${from}`);
    if (random.below(8) === 0) who.close();
  };
  for (let i = 0; i < 25; i++) {
    const from = random.below(places.length);
    await follow(player, from);
    if (Player.isShared(places[from]!)) await follow(other, from);
  }
  return seen.length;
}

describe('a stream goes back to any of its positions and gives the same items and batches', () => {
  test('loops that are longer than a batch, of every generator and construct', async () => {
    expect(await goesBack(workload('long', LONG), 1)).toBeGreaterThan(300);
  });

  test.each(examples)('%s', async (name) => {
    expect(await goesBack(workload(name, readFileSync(join('examples', name), 'utf8')), 2)).toBeGreaterThan(3);
  });

  test('random workloads', async () => {
    for (let seed = 1; seed <= 60; seed++) await goesBack(randomWorkload(seed), seed);
  });

  test.each(fixtures)('$importer.id: $name', async (fixture) => {
    const data = await bytesOf(await openFileSource(fixture.path));
    for (const chunkBytes of [7, 4096])
      expect(await goesBack(await prepare(fixture, data, fixture.name, chunkBytes), 3)).toBeGreaterThan(2);
  });

  test('a long trace whose rows leap, name objects and carry times', async () => {
    const rows = Array.from({ length: 9000 }, (_, i) => {
      const processor = i % 700 < 350 ? 'cpu' : 'gpu0';
      const run = i % 1500 === 1499 ? '9000,50000000' : `${1 + (i % 5)},64`;
      return `${processor},${i % 3 === 0 ? 'w' : 'r'},0x${(0x10000000 + i * 4096).toString(16)},8,${run},${i - (i % 10)}`;
    });
    const text = [
      'proc,op,address,bytes,count,stride,time_ns',
      ...rows,
      '#'.repeat(70_000),
      rows[0]!.replace('0x', '0x'),
    ].join('\n');
    const fixture = fixtures.find(
      ({ importer, name }) => importer.id === 'access-csv' && name === 'named-addresses.csv',
    )!;
    for (const chunkBytes of [997, 65_536])
      expect(await goesBack(await prepare(fixture, new TextEncoder().encode(text), 'long', chunkBytes), 4)).toBe(
        MOST_ITEMS,
      );
  });
});
