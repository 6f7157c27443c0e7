/**
 * The flat reference memory of the simulation: what every process must see, by the rules of the system calls alone. It
 * knows nothing of frames, swap, devices or page tables; a page is two words, and where the interface leaves Linux a
 * choice (MADV_FREE, a private page of a file that may have been copied already) a page has several possible contents.
 */
import type { Prot } from '../../src-core/kernel/mm';

const ZERO: readonly number[] = [0, 0];

export class PageValue {
  /** Contents that the page may have on its own. */
  options: number[][];
  /** MADV_FREE, and not written since: at any time it may turn to zeros. */
  mayVanish = false;

  constructor(
    options: readonly (readonly number[])[] = [ZERO],
    /** A private page of a file that may still be the file's own page. */
    public link: { readonly file: RefFile; readonly index: number } | null = null,
  ) {
    this.options = options.map((each) => [...each]);
  }

  copy(): PageValue {
    const copy = new PageValue(this.options, this.link);
    copy.mayVanish = this.mayVanish;
    return copy;
  }

  private linked(): PageValue | null {
    return this.link && this.link.file.page(this.link.index);
  }

  /** true: a reader may see this value now. */
  allows(word: number, value: number): boolean {
    return this.options.some((each) => each[word] === value) || (this.linked()?.allows(word, value) ?? false);
  }

  /** Somebody saw this value; false: nobody may see it. What it excludes is excluded from now on. */
  observe(word: number, value: number): boolean {
    if (!this.allows(word, value)) return false;
    const left = this.options.filter((each) => each[word] === value);
    if (this.linked()?.allows(word, value) !== true) this.link = null;
    // A page that may vanish is settled by zeros only: it keeps both faces otherwise.
    if (!this.mayVanish || (left.length > 0 && left.every((each) => each.every((v) => v === 0)))) this.options = left;
    return true;
  }

  write(word: number, value: number): void {
    this.becomeOwn();
    this.mayVanish = false;
    for (const each of this.options) each[word] = value;
    const all = this.options;
    this.options = [];
    for (const each of all) this.add(each);
  }

  /** A private page of a file is now a copy (MAP_PRIVATE and a write). */
  becomeOwn(): void {
    this.mayHaveBecomeOwn();
    this.link = null;
  }

  /** A write was tried and failed somewhere on its way: the copy may exist or not. */
  mayHaveBecomeOwn(): void {
    for (const each of this.linked()?.options ?? []) this.add(each);
  }

  private add(option: readonly number[]): void {
    if (!this.options.some((each) => each.every((value, word) => value === option[word])))
      this.options.push([...option]);
  }

  /** MADV_FREE. */
  free(): void {
    this.mayVanish = true;
    this.add(ZERO);
  }

  toString(): string {
    return `${JSON.stringify(this.options)}${this.link ? ` or page ${this.link.index} of ${this.link.file.name}` : ''}`;
  }
}

/** A file, or the memory behind MAP_SHARED|MAP_ANONYMOUS. */
export class RefFile {
  private readonly pages = new Map<number, PageValue>();
  constructor(
    readonly name: string,
    public bytes: number,
  ) {}

  page(index: number): PageValue {
    let page = this.pages.get(index);
    if (!page) this.pages.set(index, (page = new PageValue()));
    return page;
  }

  /** Pages that processes may touch. */
  get length(): number {
    return Math.ceil(this.bytes / 4096);
  }

  /** Whole pages beyond the end go; in the last page what lies beyond the end reads as zeros. */
  truncate(bytes: number): void {
    this.bytes = bytes;
    for (const index of [...this.pages.keys()]) if (index >= this.length) this.pages.delete(index);
    if (bytes % 4096 !== 0 && bytes % 4096 < 4088) this.pages.get(this.length - 1)?.write(1, 0);
  }
}

/** One mapped page. */
export interface RefPage {
  prot: Prot;
  readonly shared: boolean;
  readonly file: RefFile | null;
  readonly index: number;
  locked: boolean;
  /** Of shared memory: the file's own object. */
  value: PageValue;
}

function freshValue(shared: boolean, file: RefFile | null, index: number): PageValue {
  if (!file) return new PageValue();
  return shared ? file.page(index) : new PageValue([], { file, index });
}

export class RefSpace {
  readonly pages = new Map<number, RefPage>();

  map(start: number, pages: number, prot: Prot, shared: boolean, file: RefFile | null, fileOffset: number): void {
    for (let i = 0; i < pages; i++) {
      const index = fileOffset + i;
      const value = freshValue(shared, file, index);
      this.pages.set(start + i, { prot, shared, file, index, locked: false, value });
    }
  }

  unmap(start: number, end: number): void {
    for (let vpn = start; vpn < end; vpn++) this.pages.delete(vpn);
  }

  /** Its contents are gone: MADV_DONTNEED, truncate. */
  reset(vpn: number): void {
    const page = this.pages.get(vpn)!;
    page.value = freshValue(page.shared, page.file, page.index);
  }

  /** mremap: contents move; what grows is new; `keep` leaves an empty mapping behind. */
  move(start: number, pages: number, to: number, newPages: number, keep: boolean): void {
    const moved = Array.from({ length: pages }, (_, i) => this.pages.get(start + i)!);
    this.unmap(to, to + newPages);
    for (const [i, page] of moved.entries()) {
      this.pages.delete(start + i);
      if (keep)
        this.pages.set(start + i, { ...page, locked: false, value: freshValue(page.shared, page.file, page.index) });
    }
    const first = moved[0]!;
    for (let i = 0; i < newPages; i++) {
      const index = first.index + i;
      this.pages.set(to + i, moved[i] ?? { ...first, index, value: freshValue(first.shared, first.file, index) });
    }
  }

  fork(): RefSpace {
    const child = new RefSpace();
    for (const [vpn, page] of this.pages)
      child.pages.set(vpn, { ...page, locked: false, value: page.shared ? page.value : page.value.copy() });
    return child;
  }

  /** truncate: pages of the file beyond its end have lost what they held, private copies too. */
  truncated(file: RefFile): void {
    for (const [vpn, page] of this.pages) if (page.file === file && page.index >= file.length) this.reset(vpn);
  }

  /** What an access must answer where memory suffices. */
  outcome(vpn: number, write: boolean): 'ok' | 'sigsegv' | 'sigbus' {
    const page = this.pages.get(vpn);
    if (!page || page.prot === 'none' || (write && page.prot !== 'rw')) return 'sigsegv';
    return page.file && page.index >= page.file.length ? 'sigbus' : 'ok';
  }
}
