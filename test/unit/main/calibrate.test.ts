import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { parseMachineFile } from '../../../src-core/presets';
import { calibrate } from '../../../src-main/cli/commands/calibrate';
import type { Cli } from '../../../src-main/cli/commands/command';
import { toFailure, type ExitCode, type Failure } from '../../../src-main/cli/exit';
import { installationAt } from '../../../src-main/host/installation';
import { SessionClient } from '../../support/session-client';

const root = join(import.meta.dirname, '../../..');
const fixtures = join(root, 'test/fixtures/calibrate');
const result = join(fixtures, 'synthetic-full.json');

const smallWorkload = `faultline: 1
name: small
objects:
  a: { size: 16MiB, element: f64 }
phases:
  - name: sweep
    repeat: 3
    steps:
      - on: cpu
        do: [ { write: a } ]
      - on: gpu
        do: [ { read: a } ]
`;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'faultline-calibrate-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

interface Ended {
  readonly code: ExitCode;
  readonly out: string;
  readonly failure: Failure | null;
}

async function faultline(...args: readonly string[]): Promise<Ended> {
  let out = '';
  let code: ExitCode = 70;
  let failure: Failure | null = null;
  const cli: Cli = {
    installation: installationAt(join(root, 'out/main')),
    version: '0',
    print: (text) => void (out += `${text}\n`),
    note: () => undefined,
    run:
      (action) =>
      async (...given) => {
        try {
          code = await action(...given);
        } catch (thrown) {
          failure = toFailure(thrown);
          code = failure.exit;
        }
      },
  };
  const program = new Command().exitOverride();
  calibrate(program, cli);
  await program.parseAsync(['calibrate', ...args], { from: 'user' });
  return { code, out, failure };
}
const at = (name: string): string => join(folder, name);

describe('faultline calibrate --write-source', () => {
  it('copies the whole program into a new folder, again without complaint, and never over changes', async () => {
    const first = await faultline('--write-source', at('a/b'));
    expect(first.code).toBe(0);
    expect(readdirSync(at('a/b')).sort()).toEqual(['README.md', 'calibrate.cu', 'gpu.h']);
    for (const name of readdirSync(at('a/b')))
      expect(readFileSync(at(`a/b/${name}`))).toEqual(readFileSync(join(root, 'docs/calibrate', name)));
    expect((await faultline('--write-source', at('a/b'))).code).toBe(0);
    writeFileSync(at('a/b/gpu.h'), 'mine');
    rmSync(at('a/b/calibrate.cu'));
    const changed = await faultline('--write-source', at('a/b'));
    expect(changed.code).toBe(2);
    expect(changed.failure?.error.message).toMatch(/gpu\.h in .* differs from Faultline/);
    expect(readdirSync(at('a/b')).sort()).toEqual(['README.md', 'gpu.h']); // nothing half written
    expect(readFileSync(at('a/b/gpu.h'), 'utf8')).toBe('mine');
  });

  it('refuses a file in the way', async () => {
    writeFileSync(at('taken'), '');
    const { code, failure } = await faultline('--write-source', at('taken'));
    expect([code, failure?.error.code]).toEqual([2, 'refused']);
  });
});

describe('faultline calibrate RESULT', () => {
  it('writes a machine file with the samples beside it, with which a workload runs', async () => {
    const ended = await faultline(result, '--as', at('my-machine.json'));
    expect(ended.failure).toBeNull();
    expect(ended.out).toMatch(/timing\.link\.asymptote +2\d\.\d+ GB\/s +measured/);
    expect(readdirSync(folder).sort()).toEqual(['my-machine.json', 'my-machine.samples.json']);
    expect(readFileSync(at('my-machine.samples.json'))).toEqual(readFileSync(result));
    const text = readFileSync(at('my-machine.json'), 'utf8');
    expect(text).toContain('samples in my-machine.samples.json');
    const machine = parseMachineFile(text, 'my-machine.json');

    const client = new SessionClient();
    writeFileSync(at('small.yaml'), smallWorkload);
    const small = { kind: 'path', path: at('small.yaml') } as const;
    const mine = await client.run(small, { machineFile: { kind: 'path', path: at('my-machine.json') } });
    const preset = await client.run(small, { machine: 'pcie4-16g' });
    expect(mine.machine).toMatchObject({ id: 'my-machine', deviceMemoryBytes: machine.deviceMemory.value });
    // The same pages move, at other costs.
    expect(mine.totals.bytesToDevice).toBe(preset.totals.bytesToDevice);
    expect(mine.totals.bytesToDevice).toBeGreaterThan(0);
    expect(mine.totals.simTimePs).not.toBe(preset.totals.simTimePs);
    client.close();
  });

  it('explains, with and without writing', async () => {
    const { code, out } = await faultline(result, '--explain');
    expect(code).toBe(0);
    expect(out).toMatch(/formula: rate\(s\) = asymptote/);
    expect(out).toMatch(/Not recorded, taken from pcie4-16g/);
    expect(readdirSync(folder)).toEqual([]);
  });

  it('answers JSON', async () => {
    const { out } = await faultline(result, '--as', at('m.json'), '--json');
    const answer = JSON.parse(out) as { files: string[]; constants: { path: string }[]; kept: { why: string }[] };
    expect(answer.files).toEqual([at('m.json'), at('m.samples.json')]);
    expect(answer.constants.map(({ path }) => path)).toContain('timing.batchFixed');
    expect(answer.kept.every(({ why }) => why.length > 10)).toBe(true);
  });

  it('takes samples that lie where they belong', async () => {
    writeFileSync(at('m.samples.json'), readFileSync(result));
    expect((await faultline(at('m.samples.json'), '--as', at('m.json'))).failure).toBeNull();
    expect(readdirSync(folder).sort()).toEqual(['m.json', 'm.samples.json']);
  });

  it.each<[string, readonly string[], RegExp]>([
    ['neither result nor folder', [], /give a result .* or --write-source/],
    ['both', [result, '--write-source', 'x'], /but not both/],
    ['a result that was cut off', [join(fixtures, 'synthetic-truncated.json'), '--as', 'FOLDER/m.json'], /not JSON/],
    ['a future result', [join(fixtures, 'synthetic-future.json'), '--as', 'FOLDER/m.json'], /it has version 2/],
    ['a result that is not there', ['FOLDER/none.json', '--as', 'FOLDER/m.json'], /the file does not exist/],
    ['a name that no machine can have', [result, '--as', 'FOLDER/My Machine.json'], /cannot name a machine/],
    ['a machine file without .json', [result, '--as', 'FOLDER/m.yaml'], /cannot name a machine/],
    ["a preset's name", [result, '--as', 'FOLDER/pcie4-16g.json'], /is a preset's/],
    ['a folder that is not there', [result, '--as', 'FOLDER/none/m.json'], /does not exist; create it first/],
    ['an unknown preset', [result, '--extends', 'pcie4-16', '--as', 'FOLDER/m.json'], /there is no preset "pcie4-16"/],
    ['a preset that only counts', [result, '--extends', 'r0', '--as', 'FOLDER/m.json'], /only counts/],
  ])('refuses %s and writes nothing', async (_what, args, message) => {
    const { code, failure } = await faultline(...args.map((each) => each.replace('FOLDER', folder)));
    expect(code).toBe(2);
    expect(failure?.error.message).toMatch(message);
    expect(readdirSync(folder)).toEqual([]);
  });

  it('never replaces the result by the machine', async () => {
    writeFileSync(at('m.json'), readFileSync(result));
    const { code, failure } = await faultline(at('m.json'), '--as', at('m.json'));
    expect([code, failure?.error.message]).toEqual([2, expect.stringMatching(/is the result itself/)]);
    expect(readFileSync(at('m.json'))).toEqual(readFileSync(result));
  });

  it('puts the samples back as they were when the machine file cannot be written', async () => {
    writeFileSync(at('m.samples.json'), 'old');
    mkdirSync(at('link'));
    symlinkSync(at('link'), at('m.json')); // a folder behind a link: found only when it is written
    const { code } = await faultline(result, '--as', at('m.json'));
    expect(code).toBe(2);
    expect(readFileSync(at('m.samples.json'), 'utf8')).toBe('old');
  });
});

it('a result opened as a workload or as a machine is refused with what to do with it', async () => {
  const client = new SessionClient();
  const path = { kind: 'path', path: result } as const;
  await expect(client.run(path)).rejects.toThrow(/faultline calibrate synthetic-full\.json --as my-machine\.json/);
  await expect(client.run({ kind: 'example', id: 's1-jacobi-residual' }, { machineFile: path })).rejects.toThrow(
    /contains the samples of the calibration program/,
  );
  client.close();
});

it('a machine file that is none leaves what is open', async () => {
  const client = new SessionClient();
  const target = { kind: 'example', id: 's8-read-mostly' } as const;
  const before = await client.run(target);
  const path = { kind: 'path', path: join(root, 'package.json') } as const;
  await expect(client.run(target, { machineFile: path })).rejects.toThrow(/package\.json is not a machine file/);
  expect((await client.request('session.status', null)).state).toBe('finished');
  expect((await client.request('session.summary', null)).recordingHash).toBe(before.recordingHash);
  client.close();
  const fresh = new SessionClient();
  await expect(fresh.run(target, { machineFile: path })).rejects.toThrow(/is not a machine file/);
  expect((await fresh.request('session.status', null)).state).toBe('failed');
  fresh.close();
});

it('the packaged app holds the program', () => {
  const builder = parse(readFileSync(join(root, 'electron-builder.yml'), 'utf8')) as {
    readonly files: readonly string[];
  };
  expect(builder.files).toContain('docs/calibrate/**');
});
