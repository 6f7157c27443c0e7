/** The one test that measures: migrations there and back, priced by the model, as a table (costs.ts). */
import { PAGE_BYTES } from '../../../src-core/kernel/page';
import { milliseconds } from './costs';
import type { DmirrorDevice, Transfer } from './device';
import type { Vars } from './phrases';

interface Row {
  readonly size: string;
  readonly thp: boolean;
  /** Mean per round, by direction. */
  readonly toDeviceMs: number;
  readonly toSystemMs: number;
  readonly bytes: number;
}

export class Benchmark {
  private readonly rows: Row[] = [];
  private measured: { rounds: number; transfers: readonly Transfer[] } | null = null;

  /** Runs one round untimed so many times, then timed; what the timed ones moved is what counts. */
  measure(device: DmirrorDevice, warmUp: number, timed: number, round: () => void): void {
    for (let n = 0; n < warmUp; n++) round();
    device.transfers.length = 0;
    for (let n = 0; n < timed; n++) round();
    this.measured = { rounds: timed, transfers: device.transfers.splice(0) };
  }

  /** Closes a row of the table. */
  report(vars: Vars): void {
    if (!this.measured) throw new Error('a report stands before what it reports');
    const { rounds, transfers } = this.measured;
    const there = transfers.filter((each) => each.toDevice);
    const back = transfers.filter((each) => !each.toDevice);
    const sum = (list: readonly Transfer[]): number => list.reduce((pages, each) => pages + each.pages, 0) / rounds;
    if (sum(there) !== sum(back)) throw new Error(`${sum(there)} pages went to the device and ${sum(back)} came back`);
    this.rows.push({
      size: String(vars.size),
      thp: vars.thp === 1,
      toDeviceMs: milliseconds(there) / rounds,
      toSystemMs: milliseconds(back) / rounds,
      bytes: sum(there) * PAGE_BYTES,
    });
  }

  /** The table: mean ms and GiB/s per direction, large folios against base pages. Empty where nothing was measured. */
  table(): readonly string[] {
    if (this.rows.length === 0) return [];
    const lines = ['size      pages  to device        to system        THP saves (there, back)'];
    for (const row of this.rows) {
      const base = this.rows.find((each) => each.size === row.size && !each.thp);
      const saves =
        row.thp && base ? `${saved(row.toDeviceMs, base.toDeviceMs)}  ${saved(row.toSystemMs, base.toSystemMs)}` : '';
      lines.push(
        `${row.size.padEnd(8)}  ${(row.thp ? 'THP' : 'base').padEnd(5)}  ${rate(row.toDeviceMs, row.bytes)}  ${rate(row.toSystemMs, row.bytes)}  ${saves}`.trimEnd(),
      );
    }
    return lines;
  }
}

const GIB = 1024 ** 3;
const rate = (ms: number, bytes: number): string =>
  `${ms.toFixed(3).padStart(9)} ms ${(bytes / GIB / (ms / 1000)).toFixed(1).padStart(5)}`;
const saved = (thp: number, base: number): string => `${((1 - thp / base) * 100).toFixed(1)} %`;
