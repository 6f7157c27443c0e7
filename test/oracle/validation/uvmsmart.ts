/** Runs of the peer simulator UVMSmart, and what its logs say of them. */
import { MIB, PS_PER_US } from '../../../src-core/base/units';
import type { RunSummary } from '../../../src-core/model/summary';
import type { SystemWish } from '../../../src-core/protocol/parameters';
import { EXACT, STATED, within, type Comparison, type Rule } from './row';

type Params = NonNullable<SystemWish['params']>;

/** UVMSmart with these of its options; the prefetcher goes on once memory was exceeded, by default. */
export const uvmsmart = (params: Params = {}): SystemWish => ({
  id: 'uvmsmart',
  params: {
    ...('hardware_prefetch' in params
      ? { hwprefetch_oversub: params['hardware_prefetch'] }
      : { hwprefetch_oversub: 'tree' }),
    ...params,
  },
});

/** `-gddr_size` of a log, in MB of 2^20 bytes. */
export const gddr = (megabytes: number): number => Math.floor(megabytes * MIB);

/** A number that the system alone has. */
export function figure(summary: RunSummary, id: string): number {
  const found = summary.system?.figures?.find((each) => each.id === id)?.value;
  if (found === undefined || found === null) throw new Error(`the run of ${summary.workload.name} has no figure ${id}`);
  return found;
}

/** One row of the published logs: counts, MB of 2^20 bytes, µs. What is left out is not compared. */
export interface PublishedRun {
  readonly faults?: number;
  readonly transfers?: number;
  readonly megabytesIn?: number;
  readonly writeBacks?: number;
  readonly megabytesOut?: number;
  readonly transferUs?: number;
  readonly writeBackUs?: number;
  readonly kernelUs?: number;
  readonly kernelAndFaultUs?: number;
}

/** What a row promises of each number; counts and bytes are exact and times within 2 %, unless it says otherwise. */
export type Promises = Readonly<Partial<Record<keyof PublishedRun, Rule>>>;

const USUAL: Record<keyof PublishedRun, Rule> = {
  faults: EXACT,
  transfers: EXACT,
  megabytesIn: EXACT,
  writeBacks: EXACT,
  megabytesOut: EXACT,
  transferUs: within(0.02),
  writeBackUs: within(0.02),
  kernelUs: STATED,
  kernelAndFaultUs: STATED,
};

const TITLES: Record<keyof PublishedRun, readonly [what: string, unit: string]> = {
  faults: ['faults', ''],
  transfers: ['transfers to the device', ''],
  megabytesIn: ['to the device', 'MiB'],
  writeBacks: ['write-backs', ''],
  megabytesOut: ['written back', 'MiB'],
  transferUs: ['time of transfers', 'µs'],
  writeBackUs: ['time of write-backs', 'µs'],
  kernelUs: ['kernel time', 'µs'],
  kernelAndFaultUs: ['kernel + 45 µs × faults', 'µs'],
};

/** The logs print two decimals of a megabyte. */
const rounded = (value: number): number => Math.round(value * 100) / 100;

const MEASURED: Record<keyof PublishedRun, (run: RunSummary) => number> = {
  faults: ({ totals }) => totals.gpuFaults,
  transfers: (run) => figure(run, 'transfersToDevice'),
  megabytesIn: ({ totals }) => rounded(totals.bytesToDevice / MIB),
  writeBacks: (run) => figure(run, 'writeBacks'),
  megabytesOut: ({ totals }) => rounded(totals.bytesToHost / MIB),
  transferUs: (run) => figure(run, 'transferPs') / PS_PER_US,
  writeBackUs: (run) => figure(run, 'writeBackPs') / PS_PER_US,
  kernelUs: (run) => figure(run, 'kernelPs') / PS_PER_US,
  kernelAndFaultUs: (run) => figure(run, 'kernelAndFaultPs') / PS_PER_US,
};

export function compareRun(
  label: string,
  published: PublishedRun,
  run: RunSummary,
  promises: Promises = {},
): Comparison[] {
  return (Object.keys(TITLES) as (keyof PublishedRun)[]).flatMap((key) => {
    const value = published[key];
    if (value === undefined) return [];
    const [what, unit] = TITLES[key];
    const rule = promises[key] ?? USUAL[key];
    return [{ what: `${label}: ${what}`, unit, published: value, ours: MEASURED[key](run), rule }];
  });
}
