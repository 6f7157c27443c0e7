/** One sentence for someone who has never seen the table: which object costs what. From the table's own numbers only. */
import { formatCount, formatTime } from '../../../src-core/base/units';
import type { ObjectRow } from '../../../src-core/model/timeline';
import { columnBytes, percent } from '../../widgets/format';
import { costOf, moved } from './columns';
import { BY_COST, sortRows } from './sort';

/** A piece of the sentence; `strong` pieces are object names. */
export interface Words {
  readonly text: string;
  readonly strong?: boolean;
}

const plural = (value: number, one: string, many = `${one}s`): string =>
  `${formatCount(value)} ${value === 1 ? one : many}`;

/** Below this share nobody is to blame alone, so the second is named as well. */
const CLEAR_SHARE = 0.6;
const MENTION_DEAD_SHARE = 0.02;

/** Ping-pongs are counted per piece; when all of an object bounces, people want to hear how often the object did. */
function roundTrips(row: ObjectRow, granularity: number): string {
  const whole = Math.floor((row.pingPongs * granularity) / Math.max(row.bytes, granularity));
  return whole >= 1
    ? `it went to the host and back ${whole === 1 ? 'once' : `${formatCount(whole)} times`}`
    : `pieces of it came back from the host ${plural(row.pingPongs, 'time')}`;
}

function reasons(row: ObjectRow, granularity: number): string {
  const parts: string[] = [];
  if (row.pingPongs > 0) parts.push(roundTrips(row, granularity));
  if (row.evictions > 0) parts.push(`${plural(row.evictions, 'eviction')} for lack of room`);
  const bytes = moved(row);
  if (bytes > 0) {
    const dead = row.deadBytes >= bytes * MENTION_DEAD_SHARE && row.deadBytes > 0;
    const tail = dead ? `, ${columnBytes(row.deadBytes)} of them overwritten before anyone read them` : '';
    parts.push(`${columnBytes(bytes)} moved${tail}`);
  } else if (row.cpuFaults + row.gpuFaults > 0) parts.push(plural(row.cpuFaults + row.gpuFaults, 'fault'));
  if (row.remoteBytes > bytes) parts.push(`${columnBytes(row.remoteBytes)} accessed remotely`);
  return parts.join('; ');
}

/** @param rows of the range in view; @param totals of the same range; @param granularity bytes of one piece. */
export function headline(rows: readonly ObjectRow[], totals: ObjectRow, granularity: number): readonly Words[] {
  const [worst, second] = sortRows(rows, BY_COST);
  if (!worst || totals.cpuFaults + totals.gpuFaults + moved(totals) + totals.remoteBytes === 0)
    return [{ text: 'No fault and no transfer in this range.' }];
  const timed = totals.stallPs !== null;
  const total = costOf(totals);
  if (total === 0) {
    const faults = plural(totals.cpuFaults + totals.gpuFaults, 'fault');
    return [{ text: `Nothing was moved: ${faults}, all answered in place.` }];
  }
  const what = timed ? `of the stall (${formatTime(total)})` : `of the ${columnBytes(total)} moved`;
  const share = (row: ObjectRow): number => costOf(row) / total;
  const first: Words[] = [
    { text: worst.name, strong: true },
    { text: ` takes ${percent(share(worst))} ${what}: ${reasons(worst, granularity)}.` },
  ];
  if (!second || share(worst) >= CLEAR_SHARE || costOf(second) === 0) return first;
  return [
    ...first,
    { text: ' Next: ' },
    { text: second.name, strong: true },
    { text: ` with ${percent(share(second))}: ${reasons(second, granularity)}.` },
  ];
}
