import { spawnSync, type SpawnSyncReturns } from 'node:child_process';
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readCalibration } from '../../../src-core/presets/calibration';
import { calibrate } from '../../../src-core/session/calibrate';

const root = join(import.meta.dirname, '../../..');
const source = join(root, 'docs/calibrate');
const stubs = join(root, 'test/fixtures/calibrate/host-gpu');
const parts = 'cpuFirstTouch copy kernelLaunch gpuFault gpuBatch remote cpuFault local prefetch advice'.split(' ');

/** Compilers on a busy machine. */
const slowMs = 120_000;
const folder = mkdtempSync(join(tmpdir(), 'faultline-calibrate-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

type Ended = SpawnSyncReturns<string>;
function run(command: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): Ended {
  return spawnSync(command, args, {
    cwd: folder,
    encoding: 'utf8',
    env: { ...process.env, ...env },
    timeout: 50_000,
    maxBuffer: 16 * 1024 * 1024,
  });
}
/** What a compiler calls itself, or null when it is not on the PATH. */
function version(compiler: string, pattern: RegExp): string | null {
  const asked = run(compiler, ['--version']);
  return asked.status === 0 ? (pattern.exec(asked.stdout)?.[0] ?? 'of unknown version') : null;
}
const nvcc = version('nvcc', /release [0-9.]+/);
const hipcc = version('hipcc', /HIP version: [0-9.]+/);
const gxx = version('g++', /[0-9]+\.[0-9]+\.[0-9]+/);

/** The line of the README that starts with a compiler's name: what users are told to type. */
function buildLine(compiler: string): readonly string[] {
  const line = readFileSync(join(source, 'README.md'), 'utf8')
    .split('\n')
    .find((each) => each.startsWith(`${compiler} `));
  return line?.split(' ').slice(1) ?? [];
}

describe.each([
  ['nvcc', nvcc],
  ['hipcc', hipcc],
])('with %s', (compiler, found) => {
  if (found === null)
    it(`NOT COMPILED: ${compiler} is not on the PATH`, () => {
      process.stderr.write(`docs/calibrate: not compiled with ${compiler}, which is not on the PATH\n`);
      expect(buildLine(compiler)).toContain('calibrate.cu');
    });
  else
    it(`compiles by the README's line (${compiler} ${found}), and refuses a device that is not there`, () => {
      for (const name of readdirSync(source)) copyFileSync(join(source, name), join(folder, name));
      const built = run(compiler, buildLine(compiler));
      expect(`${built.stdout}${built.stderr}`).not.toMatch(/error|calibrate\.cu.*warning/);
      expect(built.status).toBe(0);
      const asked = run(join(folder, 'calibrate'), ['--device', '1023']);
      expect([asked.status, asked.stdout]).toEqual([2, '']);
      expect(asked.stderr).toMatch(/^calibrate: there is no device 1023/);
    });
});

const strict = ['-x', 'c++', '-std=c++17', '-Wall', '-Wextra', '-Werror', '-I', stubs, join(source, 'calibrate.cu')];

if (gxx === null)
  it('NOT CHECKED: g++ is not on the PATH, so the host and device code was not even parsed', () => {
    process.stderr.write('docs/calibrate: not checked with g++, which is not on the PATH\n');
    expect(readdirSync(stubs)).toContain('host-gpu.h');
  });
else
  describe(`with stand-in headers and g++ ${gxx}`, () => {
    const measures = join(folder, 'measures');
    const late = join(folder, 'late');
    beforeAll(() => {
      const cuda13 = ['-DCUDART_VERSION=13000', '-O1'];
      const timeIsUp = ['-DFAULTLINE_SOFT_SECONDS=0', '-DFAULTLINE_HARD_SECONDS=4'];
      for (const [out, more] of [
        [measures, []],
        [late, timeIsUp],
      ] as const)
        expect(run('g++', [...cuda13, ...more, ...strict, '-o', out]).stderr).toBe('');
    }, slowMs);

    it.each([
      ['CUDA 12, whose prefetch and advice take a device', '-DCUDART_VERSION=12040'],
      ['CUDA 13, whose prefetch and advice take a location', '-DCUDART_VERSION=13000'],
      ['HIP', '-D__HIP_PLATFORM_AMD__'],
    ])('is clean under %s', (_which, define) => {
      expect(run('g++', [define, '-fsyntax-only', ...strict]).stderr).toBe('');
    });

    it('prints one document that is read, with every part, and keeps what it promises about memory', () => {
      const ended = run(measures, []);
      expect(ended.stderr).toMatch(/done in/);
      expect(ended.status).toBe(0);
      const read = readCalibration(ended.stdout, 'host.json');
      expect(Object.keys(read.samples).sort()).toEqual([...parts].sort());
      expect(read.notRecorded).toEqual([]);
      expect(read.managedBytes * 4).toBeLessThan(read.device.freeBytes);
      expect(read.device.name).toContain('"stub"');
      expect(read.samples.copy?.map(({ direction }) => direction)).toContain('both');
      expect(read.samples.gpuBatch?.some(({ lanesPerWarp }) => lanesPerWarp === 32)).toBe(true);
    });

    it('leaves out parts for lack of time and reports it; the machine then keeps the preset’s values', () => {
      const ended = run(late, [], { HOST_GPU_FREE_MIB: '1048576' });
      expect(ended.status).toBe(0);
      const read = readCalibration(ended.stdout, 'late.json');
      expect(read.notRecorded).toEqual(parts.map((part) => ({ part, reason: 'time was up' })));
      expect(read.managedBytes).toBeLessThanOrEqual(2 ** 30);
      const wish = { id: 'late', samplesFile: 'late.json' };
      expect(calibrate(ended.stdout, 'late.json', wish).kept.length).toBeGreaterThan(10);
    });

    it.each<[string, string, Record<string, string>, number, RegExp]>([
      ['a device without managed memory', 'measures', { HOST_GPU_MANAGED: '0' }, 2, /has no managed memory/],
      ['a device that cannot fault', 'measures', { HOST_GPU_CONCURRENT: '0' }, 2, /ConcurrentManagedAccess is 0/],
      ['too little memory', 'measures', { HOST_GPU_FREE_MIB: '512' }, 2, /too little free memory: 512 MiB/],
      ['a device that never finishes', 'late', { HOST_GPU_HANG: '1' }, 3, /time limit has passed/],
      ['wrong values', 'measures', { HOST_GPU_CORRUPT: '1' }, 1, /other values|stands still/],
      [
        'call 2 failing',
        'measures',
        { HOST_GPU_FAIL_AT: '2' },
        1,
        /planted failure\) from \S+.*calibrate\.cu line \d+/,
      ],
      ['call 20 failing', 'measures', { HOST_GPU_FAIL_AT: '20' }, 1, /planted failure/],
      ['call 900 failing', 'measures', { HOST_GPU_FAIL_AT: '900' }, 1, /planted failure/],
    ])('prints nothing on standard output for %s', (_what, program, env, code, message) => {
      const ended = run(join(folder, program), [], env);
      expect([ended.status, ended.stdout]).toEqual([code, '']);
      expect(ended.stderr).toMatch(message);
    });

    it('explains its flags', () => {
      for (const args of [['--help'], ['--device'], ['--device', 'x'], ['--device', '-1']]) {
        const ended = run(late, args);
        expect([ended.status, ended.stdout], args.join(' ')).toEqual([2, '']);
      }
    });
  });
