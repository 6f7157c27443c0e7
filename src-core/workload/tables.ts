/**
 * Permutations and Zipf tables: made when a loop first needs them, kept as long as the source, shared by all its
 * streams (a Belady pre-pass and a restart draw from the same), and by later sources with the same parameters. A permutation belongs to the storage of an object: a
 * linked list keeps its links however often it is walked, and wherever a swap moves its name.
 */
import { power } from '../base/math';
import { RecentlyMade } from '../base/recently-made';
import { MIB } from '../base/units';
import { stepsOf } from './cost';
import { drawState, fillUniform, type ZipfTable } from './draws';
import type { PhasePlan, PointsPlan } from './workload';

/** Most buckets of a Zipf guide table: 4 MiB. */
const MAX_GUIDE = 2 ** 20;

export interface Tables {
  /** Uniform random order of `elements` numbers, always the same for this storage, purpose and seed. */
  permutation(purpose: 'chase' | 'zipf', storage: string, elements: number): Uint32Array;
  zipf(elements: number, exponent: number): ZipfTable;
}

export function createTables(seed: number): Tables {
  const permutations = new Map<string, Uint32Array>();
  const zipfs = new Map<string, ZipfTable>();
  return {
    permutation: (purpose, storage, elements) => {
      const name = `${storage}/${purpose}/${elements}`;
      return cached(permutations, name, () =>
        recentOrders.get(`${seed}/${name}`, 4 * elements, () => shuffled(seed, name, elements)),
      );
    },
    zipf: (elements, exponent) => {
      const name = `${elements}/${exponent}`;
      return cached(zipfs, name, () => recentZipfs.get(name, 12 * elements, () => zipfTable(elements, exponent)));
    },
  };
}

function cached<T>(store: Map<string, T>, key: string, make: () => T): T {
  const known = store.get(key);
  if (known !== undefined) return known;
  const made = make();
  store.set(key, made);
  return made;
}

/** Most bytes of the tables of either kind that outlive their source. */
const MAX_RECENT_BYTES = 64 * MIB;
const recentOrders = new RecentlyMade<Uint32Array>(MAX_RECENT_BYTES);
const recentZipfs = new RecentlyMade<ZipfTable>(MAX_RECENT_BYTES);

/** Fisher–Yates. */
function shuffled(seed: number, name: string, elements: number): Uint32Array {
  const order = new Uint32Array(elements);
  for (let i = 0; i < elements; i++) order[i] = i;
  const state = drawState(seed, name);
  const draw = new Uint32Array(1);
  for (let i = elements - 1; i > 0; i--) {
    fillUniform(state, draw, 1, i + 1);
    const j = draw[0]!;
    const moved = order[i]!;
    order[i] = order[j]!;
    order[j] = moved;
  }
  return order;
}

/** Smallest power of two that is not below the number of elements, up to MAX_GUIDE. */
function guideBuckets(elements: number): number {
  let buckets = 1;
  while (buckets < elements && buckets < MAX_GUIDE) buckets *= 2;
  return buckets;
}

function zipfTable(elements: number, exponent: number): ZipfTable {
  const cumulative = new Float64Array(elements);
  let total = 0;
  for (let i = 0; i < elements; i++) {
    total += 1 / power(i + 1, exponent);
    cumulative[i] = total;
  }
  // The wanted rank is the first whose cumulative weight exceeds unit × total. A power of two of buckets makes g ÷
  // buckets exact, and rounding of the product is monotone: the answer always lies in [guide[g], guide[g + 1]].
  const buckets = guideBuckets(elements);
  const guide = new Uint32Array(buckets + 1);
  let rank = 0;
  for (let g = 0; g <= buckets; g++) {
    const border = (g / buckets) * total;
    while (rank < elements - 1 && cumulative[rank]! <= border) rank++;
    guide[g] = rank;
  }
  return { cumulative, guide };
}

/** Bytes of everything that the loops of a run keep in tables; `originOf`: processes share the tables of an object. */
export function tableBytes(phases: readonly PhasePlan[], originOf: (object: number) => number): number {
  const swapped = new Set<number>();
  const points: PointsPlan[] = [];
  for (const phase of phases) {
    for (const part of phase.parts)
      if (part.kind === 'swap') {
        swapped.add(originOf(part.first));
        swapped.add(originOf(part.second));
      }
    for (const step of stepsOf(phase))
      for (const loop of step.loops) if (loop.kind === 'zipf' || loop.kind === 'chase') points.push(loop);
  }
  const sizes = new Map<string, number>();
  for (const loop of points) {
    // A swapped name may stand for any swapped storage in turn, each with a permutation of its own.
    const object = originOf(loop.object);
    const copies = swapped.has(object) ? swapped.size : 1;
    if (loop.kind === 'chase' || loop.hashed)
      sizes.set(`${loop.kind}/${object}/${loop.elements}`, 4 * loop.elements * copies);
    if (loop.kind === 'zipf')
      sizes.set(`table/${loop.elements}/${loop.exponent}`, 8 * loop.elements + 4 * guideBuckets(loop.elements));
  }
  return [...sizes.values()].reduce((sum, size) => sum + size, 0);
}
