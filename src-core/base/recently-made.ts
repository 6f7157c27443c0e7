/**
 * Values that follow from their key alone, kept up to a bound of bytes, the least recently used given up first. Sharing
 * one changes nothing but the time to make it: values are never modified.
 */
export class RecentlyMade<T> {
  private readonly kept = new Map<string, { readonly value: T; readonly bytes: number }>();
  private bytes = 0;

  constructor(private readonly mostBytes: number) {}

  /** The value of a key, made unless it is kept. @param bytes that it takes */
  get(key: string, bytes: number, make: () => T): T {
    const known = this.kept.get(key);
    const value = known?.value ?? make();
    if (bytes > this.mostBytes) return value;
    this.kept.delete(key);
    this.kept.set(key, { value, bytes });
    if (!known) this.bytes += bytes;
    for (const [oldest, each] of this.kept) {
      if (this.bytes <= this.mostBytes) break;
      this.kept.delete(oldest);
      this.bytes -= each.bytes;
    }
    return value;
  }
}
