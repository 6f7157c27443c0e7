import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RunSummary } from '../../../src-core/model/summary';
import { projectRoot } from './desktop';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'faultline-cli-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

interface Launch {
  readonly env?: Readonly<Record<string, string>>;
  /** Sent once the first line of progress is there. */
  readonly signal?: NodeJS.Signals;
}

/** Runs the built command line; `FOLDER` in an argument is the test's own folder. */
function faultline(args: readonly string[], { env = {}, signal }: Launch = {}): Promise<Ended> {
  const child = spawn(
    process.execPath,
    [join(projectRoot, 'out/main/cli.cjs'), ...args.map((each) => each.replace('FOLDER', folder))],
    {
      env: { ...process.env, FAULTLINE_HOME: join(folder, 'home'), DISPLAY: '', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  let out = '';
  let err = '';
  child.stdout.on('data', (data: Buffer) => (out += data.toString()));
  child.stderr.on('data', (data: Buffer) => {
    err += data.toString();
    if (signal && err.includes('\n') && !child.killed) child.kill(signal);
  });
  return new Promise((done) => child.on('close', (code) => done({ code, out, err })));
}

const s1 = 's1-jacobi-residual';

describe('run', () => {
  it('prints one JSON object with the public names', async () => {
    const { code, out } = await faultline(['run', s1, '--machine', 'r0', '--json']);
    expect(code).toBe(0);
    const summary = JSON.parse(out) as RunSummary;
    expect(summary).toMatchObject({ machine: { id: 'r0' }, seed: 1, complete: true });
    expect(summary.totals).toMatchObject({ gpuFaults: 52_224, cpuFaults: 52_224, deadBytesToDevice: 3200 * 2 ** 20 });
    expect(summary.objects.map(({ name }) => name)).toEqual(['u', 'unew', 'r']);
    expect(summary.recordingHash).toMatch(/^[0-9a-f]{64}$/);
  });

  it('prints a table for people, and nothing on standard error where nobody looks', async () => {
    const { code, out, err } = await faultline(['run', s1, '--machine', 'r0']);
    expect(code).toBe(0);
    expect(out).toMatch(/^r +32 MiB +51,200 +51,200/m);
    expect(err).toBe('');
  });

  it('records, reports in every format, and repeats itself from each of them', async () => {
    const outputs = ['html', 'json', 'csv', 'pdf'].flatMap((format) => ['--report', `FOLDER/r.${format}`]);
    const first = await faultline(['run', s1, '--json', '--record', 'FOLDER/r.arrow', ...outputs]);
    expect(first.code, first.err).toBe(0);
    const { recordingHash } = JSON.parse(first.out) as RunSummary;
    expect(readFileSync(join(folder, 'r.pdf')).subarray(0, 5).toString()).toBe('%PDF-');
    expect(readdirSync(folder).sort()).toEqual(['r.arrow', 'r.csv', 'r.html', 'r.json', 'r.pdf']);
    for (const input of ['FOLDER/r.arrow', 'FOLDER/r.html', s1]) {
      const { code, err } = await faultline(['report', input, '-o', 'FOLDER/again.json']);
      expect(code, err).toBe(0);
      expect(readFileSync(join(folder, 'again.json'), 'utf8')).toContain(recordingHash);
    }
  });

  it('repeats a scheduled change from the change that was recorded', async () => {
    const first = await faultline(['run', s1, '--json', '--at', '3ms:prefetch=tree,threshold=75']);
    const summary = JSON.parse(first.out) as RunSummary;
    const [change] = summary.changes;
    expect(change).toMatchObject({ origin: 'scheduled', policy: { id: 'tree', params: { threshold: 75 } } });
    const again = await faultline([
      'run',
      s1,
      '--json',
      '--at',
      `batch:${change?.batch ?? 0}:prefetch=tree,threshold=75`,
    ]);
    expect((JSON.parse(again.out) as RunSummary).totals).toEqual(summary.totals);
  });

  it('compares memory systems in one table, and writes the comparison in every format', async () => {
    const file = join(folder, 'small.yaml');
    writeFileSync(
      file,
      `faultline: 1
name: small
machine: pcie4-16g
deviceMemory: 1MiB
granularity: 4KiB
objects:
  A: { size: 256KiB, element: f64 }
phases:
  - name: work
    steps:
      - { on: cpu, do: [{ write: A }] }
      - { on: gpu0, do: [{ readwrite: A }] }
      - os: { munmap: A, part: [0.5, 1] }
      - { on: cpu, do: [{ read: A }] }
`,
    );
    const outputs = ['html', 'json', 'csv', 'pdf'].flatMap((format) => ['--report', `FOLDER/c.${format}`]);
    const { code, out, err } = await faultline(['run', file, '--systems', 'hmm:contents=true,copy,ideal', ...outputs]);
    expect(code, err).toBe(0);
    expect(out).toMatch(/^Number +hmm contents=true +copy +ideal$/m);
    expect(out).toMatch(/^Calls added to the application +0 +[1-9]\d* +–$/m);
    expect(out).toMatch(/^6 no change to the application +pass +FAIL +–$/m);
    expect(out).toMatch(/^hmm contents=true +SIGSEGV +cpu read +A +1 /m);
    expect(readFileSync(join(folder, 'c.pdf')).subarray(0, 5).toString()).toBe('%PDF-');
    expect(readFileSync(join(folder, 'c.html'), 'utf8')).toContain('hmm contents=true');
    expect(readFileSync(join(folder, 'c.csv'), 'utf8').match(/^system,/gm)).toHaveLength(3);
    const again = await faultline(['run', file, '--systems', 'hmm:contents=true,copy,ideal', '--json']);
    const { comparison } = JSON.parse(again.out) as { comparison: unknown };
    expect((JSON.parse(readFileSync(join(folder, 'c.json'), 'utf8')) as { comparison: unknown }).comparison).toEqual(
      comparison,
    );
  });

  it('exits with 1 when a memory system could not run the workload', async () => {
    const file = join(folder, 'large.yaml');
    writeFileSync(
      file,
      'faultline: 1\nname: large\nobjects: { a: { size: 65GiB, element: f64 } }\n' +
        'phases: [ { name: p, steps: [ { on: cpu, do: [ { read: a, part: [0, 0.0001] } ] } ] } ]\n',
    );
    const { code, out } = await faultline(['run', file, '--systems', 'managed,hmm']);
    expect(code).toBe(1);
    expect(out.replace(/\s+/g, ' ')).toContain('hmm could not be run: 65 GiB are 17,039,360 pages;');
    expect(out).toMatch(/^Number +ideal$/m);
  });

  it('exits with 1 when --fail-if holds', async () => {
    const { code, out } = await faultline(['run', s1, '--fail-if', 'objects.r.deadBytesToDevice>3GiB']);
    expect(code).toBe(1);
    expect(out).toContain('FAIL  fail if objects.r.deadBytesToDevice>3GiB');
  });
});

describe('wrong usage and input exit with 2 and say what is right', () => {
  it.each<[readonly string[], RegExp]>([
    [['run'], /missing required argument/],
    [['runn', s1], /Did you mean run\?/],
    [['run', s1, '--machin', 'r0'], /Did you mean --machine\?/],
    [['run', s1, '--machine', 'r1'], /r0/],
    [['run', s1, '--policy', 'eviction=lru'], /access-lru, migrated-lru, random, belady/],
    [['run', s1, '--policy', 'prefetch=tree,treshold=5'], /known: threshold/],
    [['run', s1, '--system', 'hm'], /no memory system "hm"; did you mean "hmm"\? \(expected one of ideal, hmm/],
    [['run', s1, '--system', 'hmm,tph=always'], /unknown parameter "tph" \(known: .*thp/],
    [['run', s1, '--systems', 'hmm,thp=always'], /write hmm:thp=always/],
    [['run', s1, '--systems', 'hmm', '--record', 'FOLDER/r.arrow'], /--record cannot be combined with --systems/],
    [['run', s1, '--systems', 'hmm', '--fail-if', 'gpuFaults>1'], /--fail-if cannot be combined with --systems/],
    [['run', s1, '--granularity', '5KiB'], /4KiB, 64KiB, 2MiB/],
    [['run', s1, '--device-memory', '48MB'], /48MiB/],
    [['run', s1, '--at', '3:prefetch=none'], /unit is missing/],
    [['run', s1, '--fail-if', 'gpuFault>1'], /did you mean "gpuFaults"/],
    [['run', s1, '--report', 'x.doc'], /\.html, \.json, \.csv, \.pdf/],
    [['run', s1, '--record', 'FOLDER/missing/r.arrow'], /the folder .*missing does not exist/],
    [['run', 's1-jacobi'], /did you mean "s1-jacobi-residual"/],
    [['run', 'FOLDER/missing.yaml'], /missing\.yaml/],
    [['run', 'FOLDER'], /directory/],
    [['import', 'FOLDER/missing.csv'], /missing\.csv/],
    [['report', s1], /-o OUT\.html/],
    [['serve', '--port', 'x'], /whole number/],
    [['serve', '--example', 's3'], /did you mean/],
  ])('%j', async (args, expected) => {
    const { code, out, err } = await faultline(args);
    expect(code).toBe(2);
    expect(out).toBe('');
    expect(err).toMatch(expected);
    expect(err).not.toMatch(/\n +at /); // no stack: it is not our bug
  });

  it('as JSON with --json', async () => {
    const { code, out } = await faultline(['run', 'FOLDER/missing.yaml', '--json']);
    expect(code).toBe(2);
    expect(JSON.parse(out)).toMatchObject({ error: { code: 'refused' } });
  });

  it('when a recording is to be run again', async () => {
    await faultline(['run', s1, '--record', 'FOLDER/r.arrow']);
    const { code, err } = await faultline(['run', 'FOLDER/r.arrow']);
    expect(code).toBe(2);
    expect(err).toContain('faultline report');
  });

  it('when there is neither Electron nor Chromium for a PDF, before anything is run', async () => {
    const { code, err } = await faultline(['run', s1, '--report', 'FOLDER/r.pdf'], {
      env: { FAULTLINE_CHROMIUM: '/not/there' },
    });
    expect(code).toBe(2);
    expect(err).toContain('neither was found');
    expect(existsSync(join(folder, 'r.pdf'))).toBe(false);
  });
});

describe('runs that end early', () => {
  it('Ctrl-C exits with 130 and leaves no partial file', async () => {
    const args = [
      'run',
      's3-linked-list',
      '--granularity',
      '4KiB',
      '--device-memory',
      '4MiB',
      '--progress',
      '--record',
      'FOLDER/r.arrow',
      '--report',
      'FOLDER/r.html',
    ];
    const { code, err } = await faultline(args, { signal: 'SIGINT' });
    expect(code, err).toBe(130);
    expect(readdirSync(folder)).toEqual([]);
  });

  it.each([
    ['throw', { FAULTLINE_TEST_CRASH: 'throw:50' }, 'crashed on purpose'],
    ['heap', { FAULTLINE_TEST_CRASH: 'heap:50', FAULTLINE_ENGINE_HEAP_MB: '96' }, 'out of memory'],
  ])('an engine that dies by %s: 70, with the recording so far', async (_how, env, message) => {
    const { code, err } = await faultline(['run', s1, '--record', 'FOLDER/whole.arrow'], { env });
    expect(code).toBe(70);
    expect(existsSync(join(folder, 'whole.arrow'))).toBe(false);
    expect(err).toContain(message);
    const kept = readdirSync(join(folder, 'home/recovered'));
    expect(kept).toHaveLength(1);
    const { code: reported } = await faultline([
      'report',
      `FOLDER/home/recovered/${kept[0] ?? ''}`,
      '-o',
      'FOLDER/r.json',
    ]);
    expect(reported).toBe(0);
  });
});

it('import lists objects and findings, and runs nothing', async () => {
  writeFileSync(
    join(folder, 't.csv'),
    'proc,op,address,bytes\ncpu,w,0x1000,8\ngpu0,r,0x1000,8\nnonsense\ngpu0,r,0x200000,8\n',
  );
  const { code, out } = await faultline(['import', 'FOLDER/t.csv', '--json']);
  expect(code).toBe(0);
  const info = JSON.parse(out) as {
    kind: string;
    objects: readonly unknown[];
    findings: readonly { place?: { line?: number } }[];
  };
  expect(info.kind).toBe('trace');
  expect(info.objects.length).toBeGreaterThan(0);
  expect(info.findings.map(({ place }) => place?.line)).toContain(4);
});

it('describe lists everything that can be chosen', async () => {
  const { code, out } = await faultline(['describe']);
  expect(code).toBe(0);
  for (const word of ['r0', 'pcie4-16g', 'belady', 'threshold=', 'access-counter', '64KiB', s1])
    expect(out).toContain(word);
});

describe('knobs', () => {
  const set = 'nvidia-uvm,uvm_perf_prefetch_threshold=75,uvm_perf_thrashing_enable=false,eviction_order=accessed';

  it('list says where a knob is set, and why it does nothing on this machine', async () => {
    const { code, out } = await faultline(['knobs', 'list', '--system', set, '--machine', 'pcie4-16g']);
    expect(code).toBe(0);
    expect(out).toContain('uvm_perf_prefetch_threshold = 75 %, default 51');
    expect(out).toContain('0..100; nvidia-uvm module; can change during the run; uvm_perf_prefetch.c:42');
    expect(out).toContain('No effect here: thrashing detection is off.');
    expect(out).toContain('No effect here: access-counter migrations are on by default only where');
  });

  it('export and import give the same system, by files and by the kernel command line', async () => {
    const { code, err } = await faultline(['knobs', 'export', '--system', set, '-o', 'FOLDER/etc']);
    expect(code).toBe(0);
    expect(err).toContain('eviction_order = accessed cannot be set in a file: it exists only in Faultline');
    const wish = '--system nvidia-uvm,uvm_perf_prefetch_threshold=75,uvm_perf_thrashing_enable=false\n';
    for (const file of ['etc/modprobe.d/faultline.conf', 'etc/cmdline']) {
      const read = await faultline(['knobs', 'import', `FOLDER/${file}`]);
      expect(read).toEqual({ code: 0, out: wish, err: '' });
    }
    const line = await faultline(['knobs', 'export', '--system', set, '--format', 'cmdline']);
    expect(line.out).toBe('nvidia_uvm.uvm_perf_prefetch_threshold=75 nvidia_uvm.uvm_perf_thrashing_enable=0\n');
  });

  it('import lists unknown knobs, says what the driver does with a value out of range, and fails on refused values', async () => {
    writeFileSync(
      join(folder, 'x.conf'),
      'options nvidia-uvm uvm_perf_prefetch_threshold=101 uvm_perf_nap=2\noptions amdgpu svm_default_granularity=4\n',
    );
    const warned = await faultline(['knobs', 'import', 'FOLDER/x.conf', '--system', 'nvidia-uvm']);
    expect(warned.code).toBe(0);
    expect(warned.err).toMatch(/warning: .*x\.conf:1:20: .*threshold=101 is out of range, .*its default 51 instead/);
    expect(warned.out).toMatch(/x\.conf:1:52: nvidia-uvm uvm_perf_nap=2\n.*granularity=4 \(a knob of mi300a\)/);
    writeFileSync(join(folder, 'y.conf'), 'options nvidia-uvm uvm_perf_prefetch_threshold=lots\n');
    const refused = await faultline(['knobs', 'import', 'FOLDER/y.conf']);
    expect(refused.code).toBe(2);
    expect(refused.err).toMatch(/error: .*y\.conf:1:20: .*"lots" is not a whole number; expected .* 0 to 100/);
    expect((await faultline(['knobs', 'import', 'FOLDER/none.conf'])).code).toBe(2);
    expect((await faultline(['knobs', 'list'])).err).toContain(
      'no memory system is given; for example, write --system nvidia-uvm',
    );
  });
});
