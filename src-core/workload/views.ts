/**
 * Objects per process. After a fork the child has a page table of its own, so what it touches is counted apart: the
 * view of object A by process child is the object `A@child`, at the same virtual address.
 */
import { MAIN_PROCESS } from '../model/os-action';
import type { WorkloadObject } from './workload';

interface View {
  readonly process: string;
  readonly origin: number;
}

export class Views {
  private readonly list: View[] = [];
  private readonly known = new Map<string, number>();

  /** `mains`: objects of the file; views are numbered after them, in the order in which they are first used. */
  constructor(private readonly mains: number) {}

  /** Index of what a process sees of an object of the file. */
  index(process: string, object: number): number {
    if (process === MAIN_PROCESS) return object;
    const key = `${object}@${process}`;
    const known = this.known.get(key);
    if (known !== undefined) return known;
    const index = this.mains + this.list.length;
    this.list.push({ process, origin: object });
    this.known.set(key, index);
    return index;
  }

  /** The object of the file that an index stands for. */
  originOf(index: number): number {
    return this.list[index - this.mains]?.origin ?? index;
  }

  get count(): number {
    return this.list.length;
  }

  /** Processes that see one of these objects. */
  processesOf(objects: readonly number[]): readonly string[] {
    return [...new Set(this.list.filter(({ origin }) => objects.includes(origin)).map(({ process }) => process))];
  }

  /** The views as objects. */
  objects(mains: readonly WorkloadObject[]): readonly WorkloadObject[] {
    return this.list.map(({ process, origin }) => {
      const main = mains[origin]!;
      return { ...main, name: `${main.name}@${process}`, process, origin };
    });
  }
}
