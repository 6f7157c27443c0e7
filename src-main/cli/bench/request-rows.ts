/** Cache requests in libCacheSim's shape, read from a file. */
import { closeSync, createWriteStream, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import {
  encodeRequests,
  requestSource,
  subjectOf,
  timedRun,
  type BenchCase,
  type Recording,
  type TimedRun,
} from '../../../src-core/session/bench';
import { textTable } from '../table';
import { benchPlatform } from './clock';
import { median, millionsText, numberText, rate } from './figures';
import type { BenchContext, BenchSection, Figures } from './row';

/**
 * Requests per second of libCacheSim (commit aa0fc40, LRU, one thread, the same shape of file and cache) on two virtual cores
 * of an AMD EPYC (Milan). Its miss ratio there was 0.0692.
 */
const LIBCACHESIM_PER_SECOND = 3.4e6;

/** 20 M requests by Zipf 1.0 for 1,572,864 objects, of which 1,048,576 fit. */
const ZIPF_REQUESTS: BenchCase = {
  id: 'requests',
  what: '20 M requests, Zipf 1.0, 1,572,864 objects, cache of 1,048,576 (LRU), 24 bytes per request in a file',
  text: `faultline: 1
name: requests
machine: r0
granularity: 4KiB
deviceMemory: 4GiB
objects:
  a: { size: 6GiB, element: 4096B, initially: host }
phases:
  - { name: requests, steps: [{ on: gpu0, do: [{ read: a, pattern: zipf, count: 20000000, s: 1, placement: hashed }] }] }
`,
};

async function measure(context: BenchContext): Promise<Figures> {
  const made = subjectOf(ZIPF_REQUESTS);
  const path = join(context.folder, 'requests.oracleGeneral');
  await pipeline(encodeRequests(made.source), createWriteStream(path));
  const file = openSync(path, 'r');
  try {
    const read = (into: Uint8Array, position: number): number => readSync(file, into, 0, into.length, position);
    const subject = { ...made, source: requestSource(made.source, read) };
    const runs: Record<Recording, TimedRun[]> = { kept: [], dropped: [] };
    for (let i = 0; i < context.runs; i++)
      for (const recording of ['kept', 'dropped'] as const)
        runs[recording].push(await timedRun(subject, recording, benchPlatform));
    const recorded = rate(runs.kept, ({ accesses }) => accesses);
    const unrecorded = rate(runs.dropped, ({ accesses }) => accesses);
    return {
      requests: runs.kept[0]!.accesses,
      missRatio: median(runs.kept.map(({ faults, accesses }) => faults / accesses)),
      recorded,
      unrecorded,
      recordedRatio: recorded / LIBCACHESIM_PER_SECOND,
      unrecordedRatio: unrecorded / LIBCACHESIM_PER_SECOND,
    };
  } finally {
    closeSync(file);
  }
}

export const requestSection: BenchSection = {
  id: 'requests',
  title: `${ZIPF_REQUESTS.what}; ratios to libCacheSim's ${LIBCACHESIM_PER_SECOND / 1e6} M requests/s`,
  rows: [{ id: ZIPF_REQUESTS.id, what: ZIPF_REQUESTS.what, measure }],
  table: (figures) =>
    textTable(
      ['requests', 'miss ratio', 'recorded, M/s', '÷ libCacheSim', 'not recorded, M/s', '÷ libCacheSim'],
      [...figures.values()].map((row) => [
        millionsText(row['requests'] as number),
        (row['missRatio'] as number).toFixed(4),
        millionsText(row['recorded'] as number),
        numberText(row['recordedRatio'] as number),
        millionsText(row['unrecorded'] as number),
        numberText(row['unrecordedRatio'] as number),
      ]),
    ),
};
