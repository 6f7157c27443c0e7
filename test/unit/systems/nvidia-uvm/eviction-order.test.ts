/** The what-if `eviction_order`: victims by last migration, as the driver, or by last use. */
import { describe, expect, it } from 'vitest';
import { EVICTION } from '../../../../src-core/model/events';
import { RootChunks } from '../../../../src-core/systems/nvidia-uvm/mechanics/root-chunks';
import { LIST, rootOf, VaBlock } from '../../../../src-core/systems/nvidia-uvm/mechanics/va-block';
import { GPU0 } from '../../../../src-core/model/processor';
import { runEvents } from '../../../support/event-run';
import * as programs from '../../../support/programs';

const object = (size: string): string => `{ size: ${size}, element: f64, layout: array, initially: host }`;

/** Room for three blocks: `a` and `b` come, `a` is used again by `again`, then `c` and `d` need room for one. */
const file = (again: string, a = '2MiB'): string => `faultline: 1
name: order
machine: pcie4-16g
deviceMemory: 6MiB
system: nvidia-uvm
objects:
  a: ${object(a)}
  b: ${object('2MiB')}
  c: ${object('2MiB')}
  d: ${object('2MiB')}
phases:
  - name: run
    steps:
      - { on: gpu0, do: [{ read: a }] }
      - { on: gpu0, do: [{ read: b }] }
      - { on: gpu0, do: [${again}] }
      - { on: gpu0, do: [{ read: c }] }
      - { on: gpu0, do: [{ read: d }] }
`;

/** Names of the objects that were evicted, in order. */
async function evicted(text: string, order: 'migrated' | 'accessed'): Promise<string[]> {
  const { events } = await runEvents(text, { eviction_order: order });
  const objects = events.filter(({ kind }) => kind === EVICTION).map((row) => 'abcd'[row.object!]!);
  return [...new Set(objects)];
}

describe.each([
  ['a loop', '{ read: a }'],
  ['single points', '{ read: a, pattern: random, count: 4 }'],
  ['a chain of dependent accesses', '{ read: a, pattern: chase, elements: [0, 4] }'],
])('%s over memory that is there', (_, again) => {
  it('leaves no trace in the driver: the first to come goes first', async () => {
    expect(await evicted(file(again), 'migrated')).toEqual(['a']);
  });

  it('moves the victim on where eviction goes by use', async () => {
    expect(await evicted(file(again), 'accessed')).toEqual(['b']);
  });
});

it('use counts for blocks that are made of pieces, too', async () => {
  const text = file('{ read: a }', '1MiB');
  expect(await evicted(text, 'migrated')).toEqual(['a']);
  expect(await evicted(text, 'accessed')).toEqual(['b']);
});

describe('RootChunks.touch', () => {
  const block = (index: number): VaBlock => new VaBlock(index, 0, 512, index, 2, false);
  it('brings a used root to the young end', () => {
    const memory = new RootChunks(4);
    const [first, second] = [memory.allocate(block(0))!, memory.allocate(block(1))!];
    memory.move(first, LIST.used);
    memory.move(second, LIST.used);
    expect(memory.victim()).toBe(first);
    memory.touch(first);
    expect(memory.victim()).toBe(second);
    memory.touch(first);
    expect(memory.victim()).toBe(second);
    expect(memory.evictable).toBe(2);
  });

  it('leaves a root alone that is on no list, or discarded', () => {
    const memory = new RootChunks(4);
    const [used, discarded, busy] = [0, 1, 2].map((index) => memory.allocate(block(index))!);
    memory.move(used!, LIST.used);
    memory.move(discarded!, LIST.discarded);
    memory.touch(discarded!);
    memory.touch(busy!);
    expect([discarded!.list, busy!.list]).toEqual([LIST.discarded, LIST.none]);
    expect(memory.victim()).toBe(discarded);
    memory.move(discarded!, LIST.none);
    expect(memory.victim()).toBe(used);
  });
});

it('rootOf finds the piece of 64 KiB around a page, and single pages', () => {
  const small = new VaBlock(0, 0, 40, 0, 2, false);
  const memory = new RootChunks(4);
  const { pieces } = small.backing[1]!;
  pieces.set(0, memory.allocatePiece(small, 0, 16, 16)!);
  pieces.set(33, memory.allocatePiece(small, 33, 1, 1)!);
  const root = pieces.get(0)!.root;
  expect([0, 15, 16, 32, 33, 34].map((page) => rootOf(small, GPU0, page, 16))).toEqual([
    root,
    root,
    null,
    null,
    root,
    null,
  ]);
});

it('gives an evicted root chunk to the block that evicted it, without another call of the physical allocator', async () => {
  const steps = ['a', 'b'].map((object) => programs.step('gpu0', `read: ${object}`));
  const made = await runEvents(programs.file(steps, { objects: { a: '2MiB', b: '2MiB' }, deviceMemory: '2MiB' }));
  expect([programs.figure('evictedRoots')(made), programs.figure('pmaCalls')(made)]).toEqual([1, 1]);
});
