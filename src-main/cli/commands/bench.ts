import { createHash } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import { InvalidArgumentError } from 'commander';
import {
  benchCases,
  memoryCase,
  oversubscribedCase,
  runBenchCase,
  runRecorderBench,
  type BenchResult,
} from '../../../src-core/session/bench';
import { EXIT } from '../exit';
import { parseWhole } from '../run-flags';
import { textTable } from '../table';
import { addCommonFlags, type CommandEntry, type CommonFlags } from './command';

const platform = {
  wallMs: () => performance.now(),
  createHash: () => {
    const hash = createHash('sha256');
    return { update: (bytes: Uint8Array) => void hash.update(bytes), digest: () => hash.copy().digest('hex') };
  },
};
const RECORDER_EVENTS = 4_000_000;

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
const millions = (perSecond: number): string => (perSecond / 1e6).toFixed(perSecond < 1e7 ? 2 : 0);

interface Line {
  readonly id: string;
  readonly what: string;
  readonly usefulBytes: boolean;
  readonly accessesPerSecond: readonly number[];
  readonly faultsPerSecond: number;
  readonly eventsPerSecond: number;
}

async function measure(runs: number, id: string, what: string, once: () => Promise<BenchResult>): Promise<Line> {
  const results: BenchResult[] = [];
  for (let i = 0; i < runs; i++) results.push(await once());
  const rate = (pick: (result: BenchResult) => number): number =>
    median(results.map((result) => pick(result) / result.seconds));
  return {
    id,
    what,
    usefulBytes: results[0]?.usefulBytes ?? false,
    accessesPerSecond: results.map((result) => result.accesses / result.seconds),
    faultsPerSecond: rate((result) => result.faults),
    eventsPerSecond: rate((result) => result.events),
  };
}

function parseRuns(text: string): number {
  const runs = parseWhole(text);
  if (runs >= 1 && runs <= 1000) return runs;
  throw new InvalidArgumentError(`"${text}" is not a number of runs; expected 1 to 1000`);
}

/** `faultline bench`: accesses per second of the engine and events per second of the recorder, medians with ranges. */
export const bench: CommandEntry = (program, cli) => {
  const command = program
    .command('bench')
    .description('measure the engine (accesses per second, recording on) and the recorder (events per second)')
    .option('--runs <n>', 'runs of each case; the median is printed', parseRuns, 5)
    .option('--only <case>', 'one case by its id');
  addCommonFlags(command).action(
    cli.run(async (flags: CommonFlags & { runs: number; only?: string }) => {
      const wanted = (id: string): boolean => flags.only === undefined || flags.only === id;
      const ids = [memoryCase.id, ...benchCases.map(({ id }) => id), oversubscribedCase.id, 'recorder'];
      if (!ids.some(wanted)) {
        cli.note(`there is no case "${flags.only ?? ''}"; expected one of ${ids.join(', ')}`);
        return EXIT.usage;
      }
      // First, while nothing else has filled the process.
      let peakMib: number | null = null;
      if (wanted(memoryCase.id)) {
        cli.note(`memory: ${memoryCase.what} …`);
        await runBenchCase(memoryCase, false, platform);
        peakMib = process.resourceUsage().maxRSS / 1024;
      }
      const lines: Line[] = [];
      for (const each of benchCases.filter(({ id }) => wanted(id)))
        for (const usefulBytes of [false, true]) {
          cli.note(`${each.id}, useful bytes ${usefulBytes ? 'on' : 'off'} …`);
          lines.push(await measure(flags.runs, each.id, each.what, () => runBenchCase(each, usefulBytes, platform)));
        }
      let passes: BenchResult | null = null;
      if (wanted(oversubscribedCase.id)) {
        cli.note(`${oversubscribedCase.id}: ${oversubscribedCase.what}, once …`);
        passes = await runBenchCase(oversubscribedCase, false, platform);
      }
      const recorder = wanted('recorder')
        ? [false, true].map((write) => {
            const rates = Array.from({ length: flags.runs }, () =>
              runRecorderBench(RECORDER_EVENTS, write, platform),
            ).map(({ events, seconds }) => events / seconds);
            return { write, eventsPerSecond: median(rates) };
          })
        : [];
      if (flags.json) {
        cli.print(
          JSON.stringify(
            {
              peakMib,
              cases: lines.map((line) => ({ ...line, median: median(line.accessesPerSecond) })),
              oversubscribed: passes,
              recorder,
            },
            null,
            2,
          ),
        );
        return EXIT.ok;
      }
      if (lines.length > 0)
        cli.print(
          textTable(
            ['case', 'useful bytes', 'M accesses/s', 'range', 'M faults/s', 'M events/s', 'what'],
            lines.map((line) => [
              line.id,
              line.usefulBytes ? 'on' : 'off',
              millions(median(line.accessesPerSecond)),
              `${millions(Math.min(...line.accessesPerSecond))}-${millions(Math.max(...line.accessesPerSecond))}`,
              millions(line.faultsPerSecond),
              millions(line.eventsPerSecond),
              line.what,
            ]),
          ),
        );
      for (const { write, eventsPerSecond } of recorder)
        cli.print(
          `recorder ${write ? 'with Arrow' : 'hash and timeline only'}: ${millions(eventsPerSecond)} M events/s`,
        );
      if (passes)
        cli.print(
          `${oversubscribedCase.id}: ${passes.seconds.toFixed(1)} s (mark 60 s), ${millions(passes.faults / passes.seconds)} M faults/s, ${millions(passes.events / passes.seconds)} M events/s: ${oversubscribedCase.what}`,
        );
      if (peakMib !== null)
        cli.print(
          `memory: peak ${peakMib.toFixed(0)} MiB (${(peakMib / (64 * 1024)).toFixed(4)} MiB per MiB of address space; mark 1024 MiB) for ${memoryCase.what}`,
        );
      return EXIT.ok;
    }),
  );
};
