/** Entry of the command line. */
import { Command, CommanderError } from 'commander';
import { version } from '../../package.json';
import type { ErrorData } from '../../src-core/protocol/answers';
import { installationAt } from '../host/installation';
import { commands, type CommandModule } from './commands';
import type { Cli } from './commands/command';
import { EXIT, failureText, toFailure } from './exit';

const wantsJson = process.argv.includes('--json');

function tellFailure(thrown: unknown): void {
  const failure = toFailure(thrown);
  if (wantsJson) process.stdout.write(`${JSON.stringify({ error: failure.error }, null, 2)}\n`);
  process.stderr.write(`${failureText(failure)}\n`);
  process.exitCode = failure.exit;
}

const cli: Cli = {
  installation: installationAt(__dirname),
  version,
  print: (text) => void process.stdout.write(`${text}\n`),
  note: (text) => void process.stderr.write(`faultline: ${text}\n`),
  run:
    (action) =>
    async (...given) => {
      try {
        process.exitCode = await action(...given);
      } catch (thrown) {
        tellFailure(thrown);
      }
    },
};

// `faultline describe | head` closes our output early: that is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(EXIT.ok);
});

/**
 * The commands to add for these words: the called one; all where a list of them may be printed (help, a misspelt command);
 * none for the version.
 */
function neededCommands(words: readonly string[]): readonly CommandModule[] {
  if (words.length === 1 && /^(-V|--version)$/.test(words[0] ?? '')) return [];
  const first = words.find((word) => !word.startsWith('-'));
  const called = commands.filter(({ name }) => name === first);
  return called.length > 0 ? called : commands;
}

async function main(words: readonly string[]): Promise<void> {
  const program = new Command('faultline')
    .description(
      'A workbench for heterogeneous (CPU and GPU) memory: simulates and explains page faults, migrations and evictions.',
    )
    .version(version)
    .showSuggestionAfterError()
    .showHelpAfterError('Try `faultline --help`, or --help after the command.')
    .exitOverride();
  for (const { load } of neededCommands(words)) (await load())(program, cli);
  await program.parseAsync();
}

main(process.argv.slice(2)).catch((thrown: unknown) => {
  // Commander has printed what was wrong; asking for help or the version is not wrong.
  if (!(thrown instanceof CommanderError)) {
    tellFailure(thrown);
    return;
  }
  process.exitCode = thrown.exitCode === 0 ? EXIT.ok : EXIT.usage;
  const error: ErrorData = { code: 'refused', message: thrown.message, details: [] };
  if (wantsJson && thrown.exitCode !== 0) process.stdout.write(`${JSON.stringify({ error }, null, 2)}\n`);
});
