import { Command } from 'commander';
import { expect, it } from 'vitest';
import { commands } from '../../../src-main/cli/commands';
import type { Cli } from '../../../src-main/cli/commands/command';
import { installationAt } from '../../../src-main/host/installation';

const cli: Cli = {
  installation: installationAt('/nowhere/out/main'),
  version: '0',
  print: () => undefined,
  note: () => undefined,
  run: () => () => Promise.resolve(),
};

it.each(commands)(
  'the module that is loaded for `$name` adds the command of that name and no other',
  async ({ name, load }) => {
    const program = new Command();
    (await load())(program, cli);
    expect(program.commands.map((command) => command.name())).toEqual([name]);
  },
);
