import { SparseColumn } from '../../base/sparse-column';
import type { Granule } from '../../base/indices';
import type { ThreadGroup } from './thread-group';

/** Groups that wait, by granule: lists in one pool of nodes. */
export class Waiters {
  /** First node of a granule's list, −1 if none waits. */
  private readonly first = new SparseColumn(-1);
  private readonly group: (ThreadGroup | null)[] = [];
  private following = new Int32Array(1024);
  /** First node of the list of free ones, −1 when it is empty. */
  private free = -1;
  private used = 0;

  add(granule: Granule, group: ThreadGroup): void {
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
    this.following[node] = this.first.get(granule);
    this.first.set(granule, node);
    group.waiting++;
  }

  /** true: a group waits for the granule. */
  has(granule: Granule): boolean {
    return this.first.get(granule) >= 0;
  }

  each(granule: Granule, visit: (group: ThreadGroup) => void): void {
    for (let node = this.first.get(granule); node >= 0; node = this.following[node]!) visit(this.group[node]!);
  }

  /** Takes the granule's list apart; calls `woken` for each group that waits for nothing else. */
  release(granule: Granule, woken: (group: ThreadGroup) => void): void {
    let node = this.first.get(granule);
    this.first.set(granule, -1);
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
