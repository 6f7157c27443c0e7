import { readFile, stat } from 'node:fs/promises';
import { formatBytes } from '../../../src-core/base/units';
import { Refusal } from '../../../src-core/model/refusal';
import { checkVectors, type Difference, type OracleOutcome } from '../../../src-core/session/oracle';
import { isOsError, osRefusal } from '../../io/os-reason';
import { EXIT } from '../exit';
import { addCommonFlags, type CommandEntry, type CommonFlags } from './command';

/** Differences that are printed; the rest is counted. */
const SHOWN = 10;
/** A file is read whole; the largest of ours has 2 MB. */
const MAX_FILE_BYTES = 256 * 1024 * 1024;

function differenceText({ caseId, step, field, expected, got }: Difference): string {
  const place = step === null ? caseId : `${caseId}, step ${step}`;
  return `  case ${place}: ${field}: expected ${expected}, got ${got}`;
}

function outcomeText(file: string, { shape, source, cases }: OracleOutcome): string {
  const matching = cases.filter(({ differences }) => differences.length === 0).length;
  const compared = cases.reduce((sum, each) => sum + each.compared, 0);
  const differences = cases.flatMap((each) => each.differences);
  const more = differences.length - SHOWN;
  return [
    `${matching} of ${cases.length} match`,
    `  ${file}: ${shape} vectors, ${compared} values compared`,
    `  source: ${source}`,
    ...differences.slice(0, SHOWN).map(differenceText),
    ...(more > 0 ? [`  and ${more} more differences`] : []),
  ].join('\n');
}

async function textOf(file: string): Promise<string> {
  try {
    const { size } = await stat(file);
    if (size > MAX_FILE_BYTES)
      throw new Refusal(
        `${file} has ${formatBytes(size)}; expected a file of vectors of at most ${formatBytes(MAX_FILE_BYTES)}; split it`,
      );
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw isOsError(cause) ? osRefusal(cause, file, 'read') : cause;
  }
}

/** `faultline oracle FILE…`: holds the NVIDIA model's decisions against recorded decisions of the driver. */
export const oracle: CommandEntry = (program, cli) => {
  const command = program
    .command('oracle')
    .description("compare the NVIDIA model's decisions with vectors recorded from the driver")
    .argument('<file...>', 'vectors of prefetching, thrashing or residency (JSON)');
  addCommonFlags(command).action(
    cli.run(async (files: readonly string[], flags: CommonFlags) => {
      const outcomes: { readonly file: string; readonly outcome: OracleOutcome }[] = [];
      for (const file of files) outcomes.push({ file, outcome: checkVectors(await textOf(file), file) });
      if (flags.json)
        cli.print(JSON.stringify({ files: outcomes.map(({ file, outcome }) => ({ file, ...outcome })) }, null, 2));
      else for (const { file, outcome } of outcomes) cli.print(outcomeText(file, outcome));
      const holds = outcomes.every(({ outcome }) => outcome.cases.every(({ differences }) => differences.length === 0));
      return holds ? EXIT.ok : EXIT.notHeld;
    }),
  );
};
