/** Flags that decide a run, shared by the commands that run something. */
import { existsSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { InvalidArgumentError, type Command } from 'commander';
import type { Result } from '../../src-core/base/result';
import { formatBytes, parseBytes } from '../../src-core/base/units';
import { Refusal } from '../../src-core/model/refusal';
import { GRANULARITIES, type PolicyChange, type PolicyChoice } from '../../src-core/model/scenario';
import type { OpenTarget } from '../../src-core/model/target';
import type { RunOptions, SystemWish } from '../../src-core/protocol/parameters';
import { parseChange, parsePolicyFlag, parseSystemFlag } from '../../src-core/session/run-flags';
import type { Example } from '../../src-core/contracts/platform';
import { didYouMean } from './nearest';

export interface RunFlags {
  readonly machine?: string;
  readonly deviceMemory?: number;
  readonly granularity?: number;
  readonly policy?: readonly PolicyChoice[];
  readonly at?: readonly PolicyChange[];
  readonly system?: SystemWish;
  readonly seed?: number;
  readonly usefulBytes: boolean;
  readonly symbols?: string;
  readonly allocations?: string;
  readonly deviceFunctions?: string;
}

export function accept<T>(parsed: Result<T, string>): T {
  if (parsed.ok) return parsed.value;
  throw new InvalidArgumentError(parsed.error);
}

function parseGranularity(text: string): number {
  const size = accept(parseBytes(text));
  if ((GRANULARITIES as readonly number[]).includes(size)) return size;
  throw new InvalidArgumentError(
    `"${text}" is not offered; expected one of ${GRANULARITIES.map((each) => formatBytes(each).replace(' ', '')).join(', ')}`,
  );
}

export function parseWhole(text: string): number {
  const value = /^[0-9]+$/.test(text) ? Number(text) : NaN;
  if (Number.isSafeInteger(value)) return value;
  throw new InvalidArgumentError(`"${text}" is not a whole number`);
}

/** Adds a flag that may be given more than once. */
export function repeatable(command: Command, flags: string, help: string, parse: (text: string) => unknown): Command {
  const collect = (text: string, before: readonly unknown[] | undefined): readonly unknown[] => [
    ...(before ?? []),
    parse(text),
  ];
  return command.option(flags, `${help} (repeatable)`, collect);
}

export function addImportFlags(command: Command): Command {
  return command
    .option('--symbols <file>', 'symbols of a trace, tab-separated: start, end, object, name')
    .option('--allocations <file>', 'allocations of a trace: lines ALLOC name address bytes')
    .option(
      '--device-functions <names>',
      'functions of a trace that run on the device, including functions that they call; separated by commas',
    );
}

export function addRunFlags(command: Command): Command {
  command
    .option('--machine <preset|file>', 'machine preset or machine file; `faultline describe` lists the presets')
    .option('--device-memory <size>', 'memory of each device, such as 48MiB', (text) => accept(parseBytes(text)))
    .option('--granularity <size>', 'unit of residency and migration: 4KiB, 64KiB or 2MiB', parseGranularity);
  repeatable(
    command,
    '--policy <kind=name>',
    'policy with its parameters after commas: prefetch=tree,threshold=75',
    (text) => accept(parsePolicyFlag(text)),
  );
  repeatable(
    command,
    '--at <moment:kind=name>',
    'change a policy or a knob during the run: 3ms:prefetch=none, batch:12:system=nvidia-uvm,NAME=VALUE; also access:N, phase:NAME[k]',
    (text) => accept(parseChange(text)),
  );
  command.option(
    '--system <id>',
    'memory system with its parameters after commas: hmm,thp=always; `faultline describe` lists them',
    (text) => accept(parseSystemFlag(text)),
  );
  command
    .option('--seed <n>', 'seed of all random values', parseWhole)
    .option(
      '--no-useful-bytes',
      'do not record which bytes of a transfer are touched (faster; useful bytes are then not known)',
    );
  return addImportFlags(command);
}

const pathTarget = (path: string): OpenTarget => ({ kind: 'path', path: resolve(path) });

/** A file, or the id of an example where there is no such file. */
export function targetOf(name: string, examples: readonly Example[]): OpenTarget {
  if (existsSync(name)) return pathTarget(name);
  const ids = examples.map((example) => example.id);
  if (ids.includes(name)) return { kind: 'example', id: name };
  if (/[/\\.]/.test(name)) return pathTarget(name); // meant as a path: the session says what is wrong with it
  throw new Refusal(
    `there is no file or example "${name}"${didYouMean(name, ids)}; the examples are ${ids.join(', ')}`,
  );
}

export function runOptionsOf(flags: RunFlags): RunOptions {
  const { machine } = flags;
  const isFile = machine !== undefined && (existsSync(machine) || /\.(json|ya?ml)$/.test(machine));
  const importFiles = {
    ...(flags.symbols === undefined ? {} : { symbols: pathTarget(flags.symbols) }),
    ...(flags.allocations === undefined ? {} : { allocations: pathTarget(flags.allocations) }),
  };
  return {
    ...(machine === undefined ? {} : isFile ? { machineFile: pathTarget(machine) } : { machine }),
    ...(flags.deviceMemory === undefined ? {} : { deviceMemoryBytes: flags.deviceMemory }),
    ...(flags.granularity === undefined ? {} : { granularity: flags.granularity }),
    ...(flags.policy === undefined ? {} : { policies: flags.policy }),
    ...(flags.at === undefined ? {} : { changes: flags.at }),
    ...(flags.system === undefined ? {} : { system: flags.system }),
    ...(flags.seed === undefined ? {} : { seed: flags.seed }),
    ...(flags.usefulBytes ? {} : { usefulBytes: false }),
    ...(flags.deviceFunctions === undefined ? {} : { importOptions: { deviceFunctions: flags.deviceFunctions } }),
    ...(Object.keys(importFiles).length === 0 ? {} : { importFiles }),
  };
}

/** Refuses an output file whose folder is not there before the run, not after it. */
export function outputPath(path: string): string {
  const absolute = resolve(path);
  const folder = dirname(absolute);
  if (!existsSync(folder))
    throw new Refusal(`${path} cannot be written: the folder ${folder} does not exist; create it first`);
  if (existsSync(absolute) && statSync(absolute).isDirectory())
    throw new Refusal(`${path} cannot be written: it is a folder; give a file name`);
  return absolute;
}
