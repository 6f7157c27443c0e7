import type { Command } from 'commander';
import type { Installation } from '../../host/installation';
import type { ExitCode } from '../exit';

/** What every command is given. */
export interface Cli {
  readonly installation: Installation;
  readonly version: string;
  /** Text or JSON on standard output. */
  print(text: string): void;
  /** A line on standard error. */
  note(text: string): void;
  /** Wraps an action, so that its result is the exit code and its failure is reported in one way. */
  run<A extends readonly unknown[]>(action: (...given: A) => Promise<ExitCode>): (...given: A) => Promise<void>;
}

/** Flags that every command has. */
export interface CommonFlags {
  readonly json?: boolean;
  readonly progress?: boolean;
}

/** Adds a command to the program. */
export type CommandEntry = (program: Command, cli: Cli) => void;

export function addCommonFlags(command: Command): Command {
  return command
    .option('--json', 'print JSON on standard output')
    .option('--progress', 'show progress on standard error even if it is not a terminal');
}
