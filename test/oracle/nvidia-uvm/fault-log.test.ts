/**
 * Traces of real drivers against the model's, event by event. The fault log is a recording of the fault buffer by a modified
 * driver 460.27 (tallendev/uvm-eval, MIT, test/oracle/vectors/uvm-fault-log). The sizes of transfers are what nvprof printed
 * for UVMSmart's micro-benchmarks on a GTX 1080 Ti; only the figures are here.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { FAULT, MIGRATION } from '../../../src-core/model/events';
import { CPU } from '../../../src-core/model/processor';
import type { EventRow } from '../../property/drive';
import { runEvents } from '../../support/event-run';
import { withGpu } from '../../support/machines';
import { examplesFolder } from '../../support/session-client';

const example = (id: string): string => readFileSync(join(examplesFolder, 'validation', `${id}.yaml`), 'utf8');

interface LoggedBatch {
  /** Page numbers by array, in the order of the log. */
  readonly pages: readonly (readonly [array: number, page: number])[];
}

/** Lines `;s,` begin a batch, `;f,ADDRESS,TIME,…` are its faults as sorted by the driver, `;b,` ends it. */
function readLog(text: string): LoggedBatch[] {
  const batches: { pages: [number, number][] }[] = [];
  const addresses: number[] = [];
  for (const line of text.split('\n')) {
    const message = line.split(';')[1] ?? '';
    if (message.startsWith('s,')) batches.push({ pages: [] });
    if (!message.startsWith('f,')) continue;
    const address = parseInt(message.split(',')[1]!, 16);
    addresses.push(address);
    batches.at(-1)!.pages.push([Math.floor(address / 0x200000), Math.floor((address % 0x200000) / 4096)]);
  }
  const base = Math.floor(Math.min(...addresses) / 0x200000);
  return batches
    .filter(({ pages }) => pages.length > 0)
    .map(({ pages }) => ({ pages: pages.map(([array, page]) => [array - base, page] as const) }));
}

/** The same of a run: batches of GPU faults, pages by object. */
function batchesOf(events: readonly EventRow[]): LoggedBatch[] {
  const batches = new Map<number, [number, number][]>();
  for (const { kind, processor, batch, object, address } of events) {
    if (kind !== FAULT || processor === CPU) continue;
    const pages = batches.get(batch!) ?? [];
    pages.push([object!, Math.floor((address! % 0x200000) / 4096)]);
    batches.set(batch!, pages);
  }
  return [...batches.values()].map((pages) => ({ pages }));
}

/** Kilobytes of the transfers in one direction, in order. */
const sizes = (events: readonly EventRow[], toHost: boolean): number[] =>
  events
    .filter(({ kind, source, target }) => kind === MIGRATION && source! < 255 && (target === CPU) === toHost)
    .map(({ bytes }) => bytes! / 1024);

describe('the fault log of a real driver', () => {
  const logged = readLog(readFileSync(join(import.meta.dirname, '../vectors/uvm-fault-log/abc_1.log'), 'utf8'));

  it('has 96 faults in batches of 56, 8 and 32', () => {
    expect(logged.map(({ pages }) => pages.length)).toEqual([56, 8, 32]);
  });

  it('is what the model gives for the first statement of abc.cu: same batches, same pages, same order', async () => {
    const { events } = await runEvents(example('uvm-fault-log-abc'));
    expect(batchesOf(events)).toEqual(logged);
  });

  it('depends on the limit of 56 outstanding faults per uTLB', async () => {
    const { machine } = withGpu({ faultsPerUtlb: 40 });
    const { events } = await runEvents(example('uvm-fault-log-abc'), {}, machine);
    expect(batchesOf(events).map(({ pages }) => pages.length)).toEqual([40, 24, 32]);
  });
});

const DOUBLING = [4, 60, 4, 60, 4, 124, 4, 252, 4, 508, 4, 1020];
const PAIR = [4, 60];

describe('transfers that nvprof saw on a GTX 1080 Ti', () => {
  it('getHWPrefetcherP1: doubling distances', async () => {
    const { events } = await runEvents(example('nvprof-prefetcher-p1'));
    expect(sizes(events, false)).toEqual(DOUBLING);
    expect(sizes(events, true)).toEqual([...PAIR, ...PAIR, ...PAIR, ...PAIR, ...PAIR, 4, 60, 64]);
  });

  it('getHWPrefetcherP3: holes first', async () => {
    const { events } = await runEvents(example('nvprof-prefetcher-p3'));
    expect(sizes(events, false)).toEqual([
      ...[...PAIR, ...PAIR, ...PAIR, ...PAIR],
      ...[4, 60, 64, 64, 64, 4, 508, 4, 1020],
    ]);
    expect(sizes(events, true)).toEqual([...Array.from({ length: 6 }, () => PAIR).flat(), 4, 124, 64, 64]);
  });

  it('largePageBoundary: three blocks', async () => {
    const { events } = await runEvents(example('nvprof-large-page-boundary'));
    expect(sizes(events, false)).toEqual([...DOUBLING, ...DOUBLING, ...DOUBLING]);
  });

  it('managedAllocRoundUp: a block and a rest', async () => {
    const { events } = await runEvents(example('nvprof-alloc-round-up'));
    expect(sizes(events, false)).toEqual([...DOUBLING, ...PAIR, ...PAIR, 4, 124]);
    expect(sizes(events, true)).toEqual([
      ...PAIR,
      ...PAIR,
      4,
      60,
      64,
      ...Array.from({ length: 5 }, () => PAIR).flat(),
      4,
      60,
      64,
    ]);
  });

  it('the host is populated in as many faults as the log has', async () => {
    const { events } = await runEvents(example('nvprof-prefetcher-p1'));
    const first = events.filter(({ kind, processor, step }) => kind === FAULT && processor === CPU && step === 0);
    expect(first.map(({ address }) => (address! % 0x200000) / 65536)).toEqual([0, 1, 2, 4, 8, 16]);
  });
});
