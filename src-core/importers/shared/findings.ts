import type { Finding } from '../../model/finding';

/** Longest part of an input file that a message quotes. */
const QUOTE_MAX = 60;

/** Distinct reasons within one kind; rows with further reasons count for the last one. */
const REASONS_MAX = 16;

/** Counts findings by kind, and by reason where one is given; the message and the place are those of the first. */
export class FindingCounter {
  private readonly counted = new Map<string, { finding: Finding; count: number }>();

  /** Kind → reasons seen. */
  private readonly reasons = new Map<string, number>();

  /** The message is only built for the first of its kind and reason: damaged files have millions. */
  add(
    kind: string,
    severity: Finding['severity'],
    message: () => string,
    place?: () => NonNullable<Finding['place']>,
    reason = '',
  ): void {
    const known = this.counted.get(`${kind} ${reason}`) ?? this.counted.get(`${kind} …`);
    if (known) {
      known.count++;
      return;
    }
    const reasons = (this.reasons.get(kind) ?? 0) + 1;
    this.reasons.set(kind, reasons);
    const last = reasons === REASONS_MAX;
    const text = last ? `${message()} Further reasons are also counted here.` : message();
    const finding = { kind, severity, message: text, count: 1, ...(place ? { place: place() } : {}) };
    this.counted.set(`${kind} ${last ? '…' : reason}`, { finding, count: 1 });
  }

  /** In the order of their first appearance. */
  list(): readonly Finding[] {
    return [...this.counted.values()].map(({ finding, count }) => ({ ...finding, count }));
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
