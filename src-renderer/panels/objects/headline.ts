/** One sentence for someone who has never seen the table: which object costs what. From the table's own numbers only. */
import { formatBytes, formatCount, formatTime } from '../../../src-core/base/units';
import { deadBytes, movedBytes } from '../../../src-core/model/catalog/object-columns';
import type { ObjectRow } from '../../../src-core/model/timeline';
import { percent } from '../../widgets/format';
import { costOf } from './columns';
import { BY_COST, sortRows } from './sort';

/** A piece of the sentence; `strong` pieces are object names. */
export interface Words {
  readonly text: string;
  readonly strong?: boolean;
}

const plural = (value: number, one: string, many = `${one}s`): string =>
  `${formatCount(value)} ${value === 1 ? one : many}`;

/** Below this share the most costly object is not the only cause, so the second is named as well. */
const CLEAR_SHARE = 0.6;
const MENTION_DEAD_SHARE = 0.02;

/** Ping-pongs are counted per piece; when all of an object bounces, users want the count for the whole object. */
function roundTrips(row: ObjectRow, granularity: number): string {
  const whole = Math.floor((row.pingPongs * granularity) / Math.max(row.bytes, granularity));
  return whole >= 1
    ? `it went to the host and back ${whole === 1 ? 'once' : `${formatCount(whole)} times`}`
    : `granules of it returned from the host ${plural(row.pingPongs, 'time')}`;
}

/** `945 of 954 ms`: the unit once where both have the same; one number where both are the same. */
function partOf(part: string, whole: string): string {
  if (part === whole) return whole;
  const [amount, unit] = part.split(' ');
  return whole.endsWith(` ${unit}`) ? `${amount} of ${whole}` : `${part} of ${whole}`;
}

/** @param bytesSaid the sentence has given the bytes moved already. */
function reasons(row: ObjectRow, granularity: number, bytesSaid: boolean): string {
  const parts: string[] = [];
  if (row.pingPongs > 0) parts.push(roundTrips(row, granularity));
  if (row.evictions > 0) parts.push(`${plural(row.evictions, 'eviction')} for lack of room`);
  const bytes = movedBytes(row);
  if (bytes > 0) {
    const dead = deadBytes(row) >= bytes * MENTION_DEAD_SHARE && deadBytes(row) > 0;
    const tail = `${formatBytes(deadBytes(row))} of ${bytesSaid ? 'the bytes' : 'them'} overwritten before they were read`;
    if (!bytesSaid) parts.push(`${formatBytes(bytes)} moved${dead ? `, ${tail}` : ''}`);
    else if (dead) parts.push(tail);
  } else if (row.cpuFaults + row.gpuFaults > 0) parts.push(plural(row.cpuFaults + row.gpuFaults, 'fault'));
  if (row.remoteBytes > bytes) parts.push(`${formatBytes(row.remoteBytes)} accessed remotely`);
  return parts.length > 0 ? `: ${parts.join('; ')}` : '';
}

/**
 * @param rows of the range in view; @param totals of the same range; @param granularity bytes of one piece;
 * @param settled false while the run goes on: what is still zero is then not known rather than zero.
 */
export function headline(
  rows: readonly ObjectRow[],
  totals: ObjectRow,
  granularity: number,
  settled = true,
): readonly Words[] {
  const [worst, second] = sortRows(rows, totals, BY_COST);
  if (!worst || totals.cpuFaults + totals.gpuFaults + movedBytes(totals) + totals.remoteBytes === 0)
    return [{ text: settled ? 'No faults and no transfers in this range.' : 'No faults and no transfers yet.' }];
  const timed = totals.stallPs !== null;
  const total = costOf(totals);
  if (total === 0 && !settled) return [{ text: 'Costs are known after the first steps.' }];
  if (total === 0) {
    const faults = plural(totals.cpuFaults + totals.gpuFaults, 'fault');
    return [
      {
        text: `${movedBytes(totals) > 0 ? 'No processor waited' : 'Nothing was moved'}: ${faults}, all resolved without a transfer.`,
      },
    ];
  }
  const format = timed ? formatTime : formatBytes;
  const amount = `(${partOf(format(costOf(worst)), format(total))})`;
  const what = `of ${timed ? 'the stall' : 'the bytes moved'} ${amount}`;
  const share = (row: ObjectRow): number => costOf(row) / total;
  const first: Words[] = [
    { text: worst.name, strong: true },
    { text: ` takes ${percent(share(worst))} ${what}${reasons(worst, granularity, !timed)}.` },
  ];
  if (!second || share(worst) >= CLEAR_SHARE || costOf(second) === 0) return first;
  return [
    ...first,
    { text: ' Next: ' },
    { text: second.name, strong: true },
    { text: ` with ${percent(share(second))}${reasons(second, granularity, !timed)}.` },
  ];
}
