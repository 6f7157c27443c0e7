import type { ThreadGroup } from './thread-group';

/** Groups that wait, by granule: lists in one pool of nodes. */
export class Waiters {
  /** One past the first node of a granule's list, 0 where nobody waits. Made by the first fault. */
  private first: Int32Array | null = null;
  private readonly group: (ThreadGroup | null)[] = [];
  private following = new Int32Array(1024);
  /** First node of the list of free ones, −1 when it is empty. */
  private free = -1;
  private used = 0;

  constructor(private readonly granules: number) {}

  add(granule: number, group: ThreadGroup): void {
    this.first ??= new Int32Array(this.granules);
    let node = this.free;
    if (node >= 0) this.free = this.following[node]!;
    else {
      node = this.used++;
      if (node >= this.following.length) {
        const larger = new Int32Array(this.following.length * 2);
        larger.set(this.following);
        this.following = larger;
      }
    }
    this.group[node] = group;
    this.following[node] = this.first[granule]! - 1;
    this.first[granule] = node + 1;
    group.waiting++;
  }

  /** true: a group waits for the granule. */
  has(granule: number): boolean {
    return this.first !== null && this.first[granule] !== 0;
  }

  each(granule: number, visit: (group: ThreadGroup) => void): void {
    if (!this.first) return;
    for (let node = this.first[granule]! - 1; node >= 0; node = this.following[node]!) visit(this.group[node]!);
  }

  /** Takes the granule's list apart; calls `woken` for each group that waits for nothing else. */
  release(granule: number, woken: (group: ThreadGroup) => void): void {
    if (!this.first) return;
    let node = this.first[granule]! - 1;
    this.first[granule] = 0;
    while (node >= 0) {
      const group = this.group[node]!;
      this.group[node] = null;
      group.waiting--;
      if (group.waiting === 0) woken(group);
      const next = this.following[node]!;
      this.following[node] = this.free;
      this.free = node;
      node = next;
    }
  }
}
