import { describe, expect, it } from 'vitest';
import { randomStream } from '../../../src-core/base/random';
import { StateKeeper } from '../../../src-core/base/snapshot';

class Node {
  next: Node | null = null;
  constructor(public value: number) {}
}

describe('StateKeeper', () => {
  it('puts fields, arrays, maps, sets and typed arrays back into the same objects', () => {
    const node = new Node(1);
    const list: unknown[] = [1, node, 'x'];
    const map = new Map<unknown, unknown>([
      [node, 1],
      ['b', list],
    ]);
    const set = new Set([1, 2]);
    const column = new Float64Array([1, NaN, -0]);
    const root = { node, list, map, set, column };
    const keeper = new StateKeeper([root], []);
    const before = keeper.take();

    node.value = 2;
    node.next = new Node(3);
    Object.assign(node, { note: 'added' });
    list.length = 1;
    map.delete(node);
    map.set('c', 3);
    map.set(node, 1);
    set.clear();
    column.fill(7);
    root.column = new Float64Array(9);
    keeper.restore(before);

    expect(root).toEqual({ node, list, map, set, column });
    expect(root.node).toBe(node);
    expect(root.column).toBe(column);
    expect(Object.keys(node)).toEqual(['value', 'next']);
    expect([node.value, node.next]).toEqual([1, null]);
    expect(list).toEqual([1, node, 'x']);
    expect([...map]).toEqual([
      [node, 1],
      ['b', list],
    ]);
    expect([...set]).toEqual([1, 2]);
    expect([...column]).toEqual([1, NaN, -0]);
  });

  it('restores objects that were out of reach, and whatever hangs on them', () => {
    const first = new Node(1);
    first.next = new Node(2);
    const root: { head: Node | null } = { head: first };
    const keeper = new StateKeeper([root], []);
    const before = keeper.take();
    root.head = null;
    keeper.take();
    first.next.value = 5;
    keeper.restore(before);
    expect(root.head).toBe(first);
    expect(first.next.value).toBe(2);
  });

  it('views of one buffer are restored together', () => {
    const words = new Uint32Array(3);
    const root = { words, bytes: new Uint8Array(words.buffer, 0, 11) };
    const keeper = new StateKeeper([root], []);
    words[2] = 0x01020304;
    const before = keeper.take();
    root.bytes[8] = 99;
    keeper.restore(before);
    expect(words[2]).toBe(0x01020304);
  });

  it('inputs are passed over, with everything behind them', () => {
    const inner = { value: 1 };
    const input = { inner };
    const root = { input, inner, own: 1 };
    const keeper = new StateKeeper([root], [input]);
    const before = keeper.take();
    inner.value = 2;
    root.own = 2;
    keeper.restore(before);
    expect([inner.value, root.own]).toEqual([2, 1]);
  });

  it('an object with a position() is saved by its position', () => {
    let hidden = 1;
    const stream = {
      position: () => hidden,
      seek: (to: unknown): void => {
        hidden = to as number;
      },
    };
    const keeper = new StateKeeper([{ stream }], []);
    const before = keeper.take();
    hidden = 2;
    keeper.restore(before);
    expect(hidden).toBe(1);
  });

  it.each([
    ['Generator', (function* () {})()],
    ['Promise', Promise.resolve()],
    ['WeakMap', new WeakMap()],
  ])('refuses a %s', (name, value) => {
    expect(() => new StateKeeper([{ value }], []).take()).toThrow(`a ${name} holds state of a run`);
  });

  it('a snapshot holds only what changed since the one before, also after going back', () => {
    const root = { column: new Uint8Array(1_000_003), untouched: Array.from({ length: 1000 }, (_, i) => ({ i })) };
    const keeper = new StateKeeper([root], []);
    const first = keeper.take();
    expect(first.stateBytes).toBeGreaterThan(1_000_003);
    root.column[500_000] = 1;
    expect(keeper.take().freshBytes).toBe(8192);
    keeper.restore(first);
    expect(keeper.take().freshBytes).toBe(0);
    root.column[1_000_002] = 1;
    const last = keeper.take();
    root.column[1_000_002] = 2;
    keeper.restore(last);
    expect(root.column[1_000_002]).toBe(1);
  });

  it('random changes and restores equal copies made by hand', () => {
    const random = randomStream(1, 'snapshots');
    const columns = Array.from({ length: 4 }, (_, i) => new Int32Array(1 + i * 3001));
    const root = { columns, map: new Map<number, number[]>(), numbers: [] as number[] };
    const keeper = new StateKeeper([root], []);
    const copy = (): string => JSON.stringify([root.columns.map((column) => [...column]), [...root.map], root.numbers]);
    const taken: { readonly snapshot: ReturnType<StateKeeper['take']>; readonly text: string }[] = [];
    for (let i = 0; i < 300; i++) {
      const column = root.columns[random.below(4)]!;
      column[random.below(column.length)] = random.below(100);
      if (random.below(10) === 0) root.columns[3] = new Int32Array(random.below(5000));
      root.map.set(random.below(20), [random.below(9)]);
      root.map.get(random.below(20))?.push(1);
      if (random.below(3) === 0) root.map.delete(random.below(20));
      root.numbers.push(random.below(9));
      if (random.below(3) === 0) taken.push({ snapshot: keeper.take(), text: copy() });
      if (taken.length === 0 || random.below(5) > 0) continue;
      const { snapshot, text } = taken[random.below(taken.length)]!;
      keeper.restore(snapshot);
      expect(copy()).toBe(text);
    }
  });
});
