/** Counts results other than data or success: one row per kind. */
import type { OutcomeRow } from '../model/memory-system';

export class OutcomeCounts {
  readonly rows = new Map<string, OutcomeRow & { count: number }>();

  /** @param what the requester and the request: `gpu0 read`, `munmap` */
  add(result: string, what: string, object: string | null, timePs: number, access: number): void {
    const key = `${result}\n${what}\n${object ?? ''}`;
    const row = this.rows.get(key);
    if (row) row.count++;
    else this.rows.set(key, { result, what, object, count: 1, timePs, access });
  }
}
