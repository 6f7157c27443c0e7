import type { Finding } from '../../model/finding';

/** Longest piece of somebody's file that is quoted in a message. */
const QUOTE_MAX = 60;

/** Counts findings by kind; the message and the place are those of the first of each kind. */
export class FindingCounter {
  private readonly kinds = new Map<string, { finding: Finding; count: number }>();

  /** The message is only built for the first of its kind: damaged files have millions. */
  add(
    kind: string,
    severity: Finding['severity'],
    message: () => string,
    place?: () => NonNullable<Finding['place']>,
  ): void {
    const known = this.kinds.get(kind);
    if (known) {
      known.count++;
      return;
    }
    const finding = { kind, severity, message: message(), count: 1, ...(place ? { place: place() } : {}) };
    this.kinds.set(kind, { finding, count: 1 });
  }

  /** In the order of their first appearance. */
  list(): readonly Finding[] {
    return [...this.kinds.values()].map(({ finding, count }) => ({ ...finding, count }));
  }
}

/** Bytes of a file as a short printable quotation. */
export function quote(bytes: Uint8Array): string {
  const text = new TextDecoder().decode(bytes.subarray(0, QUOTE_MAX));
  const printable = Array.from(text, (character) => (character < ' ' || character === '\u007f' ? '·' : character)).join(
    '',
  );
  return `"${printable}${bytes.length > QUOTE_MAX ? '…' : ''}"`;
}
