import { describe, expect, it } from 'vitest';
import type { ReportBlock, ReportInput } from '../../../src-core/model/report';
import { Refusal } from '../../../src-core/model/refusal';
import { r0 } from '../../../src-core/presets/machines/r0';
import { buildReport } from '../../../src-core/reports/build';
import { importers } from '../../../src-core/importers';
import { changeFlags } from '../../../src-core/reports/change-flags';
import { auxiliaryFiles, commandWords } from '../../../src-core/reports/command';
import { machineConstants } from '../../../src-core/reports/machine-constants';
import { sections } from '../../../src-core/reports/sections';
import { percent, policyFlag } from '../../../src-core/reports/words';
import { example, object } from './example-input';

const MIB = 1048576;
const words = (blocks: readonly ReportBlock[]): string =>
  blocks
    .flatMap((block) => {
      if (block.kind === 'facts') return block.facts.map(({ label, value }) => `${label}: ${value}`);
      if (block.kind === 'table') return [block.caption, ...block.rows.map((row) => row.join(' | '))];
      return [block.kind === 'chart' ? block.caption : block.text];
    })
    .join('\n');
const section = (id: string, input: ReportInput = example): string => words(buildReport(input, [id]));

/** The example with parts of its summary replaced. */
const but = (summary: Partial<ReportInput['summary']>, over: Partial<ReportInput> = {}): ReportInput => ({
  ...example,
  ...over,
  summary: { ...example.summary, ...summary },
});
const untimed = (totals: Partial<ReportInput['summary']['totals']> = {}): ReportInput =>
  but(
    {
      totals: { ...example.summary.totals, stallPs: null, simTimePs: 0, ...totals },
      objects: example.summary.objects.map((one) => ({ ...one, stallPs: null })),
    },
    { machine: r0 },
  );

describe('buildReport', () => {
  it('begins each section with its heading, in the order of the registry', () => {
    // A run on the ideal system has nothing to say about memory systems, and nobody asked for bounds.
    const silent = ['memory-system', 'compared-systems', 'bounds'];
    const speaking = sections.filter(({ id }) => !silent.includes(id));
    const headings = buildReport(example).flatMap((block) => (block.kind === 'heading' ? [block.text] : []));
    expect(headings).toEqual(speaking.map(({ title }) => title));
    expect(new Set(sections.map(({ id }) => id)).size).toBe(sections.length);
  });

  it('picks sections in the order of the report, whatever order they are asked in', () => {
    const blocks = buildReport(example, ['repeat', 'objects']);
    expect(blocks.filter(({ kind }) => kind === 'heading')).toEqual([
      { kind: 'heading', text: 'Objects' },
      { kind: 'heading', text: 'How to repeat this run' },
    ]);
  });

  it('refuses a section that is not there, naming those that are', () => {
    expect(() => buildReport(example, ['objects', 'totlas'])).toThrow(Refusal);
    expect(() => buildReport(example, ['totlas'])).toThrow(/"totlas"; expected some of verdict, objects/);
  });

  it('gives every table row as many cells as the table has columns', () => {
    for (const block of buildReport(example))
      if (block.kind === 'table')
        for (const row of block.rows) expect(row, block.caption).toHaveLength(block.columns.length);
  });

  it('survives a run in which nothing happened', () => {
    const empty = but(
      { objects: [], policies: [], changes: [], findings: [], expectations: [] },
      {
        timeline: { ...example.timeline, extent: { from: 0, to: 0 }, from: 0, to: 1, bins: 0, tracks: [], marks: [] },
      },
    );
    const text = words(buildReport(empty));
    expect(text).toContain('No faults.');
    expect(text).toContain('No policy was changed during the run.');
    expect(text).not.toMatch(/NaN|Infinity|undefined/);
  });
});

describe('verdict', () => {
  it('names the object that costs most and why, by waiting time where there is time', () => {
    const text = section('verdict');
    expect(text).toContain(
      'r costs most: 95 % of the time that processors waited for faults (1.61 s). Next comes unew with 2.5 %.',
    );
    expect(text).toContain('3.09 GiB of that (49.7 %) was dead');
    expect(text).toContain('811,008 ping-pongs');
  });

  it('ranks by bytes moved on a machine without time', () => {
    expect(section('verdict', untimed())).toContain('r costs most: 99 % of all bytes moved (6.22 GiB)');
  });

  it('ranks by faults if no bytes moved', () => {
    const input = untimed({ bytesToDevice: 0, bytesToHost: 0, cpuFaults: 30, gpuFaults: 10 });
    const objects = [object('a', { cpuFaults: 10 }), object('b', { cpuFaults: 20, gpuFaults: 10 })];
    const text = section('verdict', { ...input, summary: { ...input.summary, objects } });
    expect(text).toContain('b costs most: 75 % of all faults (30). Next comes a with 25 %.');
    expect(text).toContain('b was never moved');
  });

  it('reports a run without costs, and an expectation that failed', () => {
    const none = untimed({ bytesToDevice: 0, bytesToHost: 0, cpuFaults: 0, gpuFaults: 0 });
    expect(section('verdict', none)).toContain('No object has a cost');
    const expectations = [
      { what: 'x', expected: '1', actual: 2, holds: false },
      { what: 'y', expected: '1', actual: 1, holds: true },
    ];
    expect(section('verdict', but({ expectations }))).toContain('1 of 2 expectations of the workload failed');
  });

  it('begins with what it is when the run was not finished, and calls no expectation failed then', () => {
    const expectations = [{ what: 'x', expected: '1', actual: 2, holds: false }];
    const input = but({ complete: false, recordingHash: '', expectations });
    const [, first] = buildReport(input, ['verdict']);
    expect(first).toMatchObject({
      text: expect.stringMatching(/^Snapshot at access 1,610,612,736 of an unfinished run: /) as string,
    });
    const whole = words(buildReport(input));
    expect(whole).not.toMatch(/did not hold|\| NO/);
    expect(section('findings', input)).toContain('x | 1 | 2 | not checked');
    expect(section('run', input)).toContain('State: Snapshot at access 1,610,612,736 of an unfinished run');
    expect(section('run', input)).toContain('Recording hash: –');
    expect(section('repeat', input)).toContain('runs the whole workload: its numbers will differ from this snapshot');
    expect(words(buildReport(example))).not.toContain('Snapshot');
  });

  it('claims no repeatable hash for a run that was not finished', () => {
    const help = (input: ReportInput): string =>
      JSON.stringify(buildReport(input)).includes('a repeated run gives the same') ? 'claims' : 'silent';
    expect(help(example)).toBe('claims');
    expect(help(but({ complete: false, recordingHash: '' }))).toBe('silent');
  });
});

describe('objects', () => {
  it('shows the dearest first, at most 200, and says how many are left out', () => {
    const many = Array.from({ length: 203 }, (_, i) => object(`o${i}`, { stallPs: i }));
    const [, table] = buildReport(but({ objects: many }), ['objects']);
    expect(table).toMatchObject({ kind: 'table' });
    if (table?.kind !== 'table') return;
    expect(table.rows).toHaveLength(200);
    expect(table.rows[0]?.[0]).toBe('o202');
    expect(table.caption).toContain('3 less costly objects are not shown');
  });

  it('shows a dash, not a zero, for what was not recorded', () => {
    const objects = [object('a', { usefulBytes: null, stallPs: null, bytesToDevice: MIB })];
    expect(section('objects', but({ objects }))).toContain(
      'a | 32 MiB | – | 0 | 0 | 1 MiB | 0 B | 0 | 0 B | 0 | 0 B | –',
    );
  });
});

describe('honesty', () => {
  it('says which constants are assumed and what is not modelled', () => {
    const text = section('completeness');
    expect(text).toContain('15 constants, of which 3 assumed: Link, knee of the size curve, Host memory bandwidth');
    expect(text).toContain('3 warnings and errors');
    const counting = section('completeness', untimed({ usefulBytes: null }));
    expect(counting).toContain('Not modelled on this machine');
    expect(counting).toContain('useful bytes were switched off');
  });

  it('shows every constant of the machine with its source and grade', () => {
    const text = section('machine');
    for (const { name, value, source, grade } of machineConstants(example.machine))
      expect(text).toContain([name, value, grade, source].join(' | '));
    expect(machineConstants(example.machine).find(({ name }) => name === 'CPU first touch')?.value).toBe('3.24 µs');
    expect(machineConstants(r0)).toHaveLength(3);
  });

  it('names the place of each finding', () => {
    expect(section('findings')).toContain(
      'warning | A row has 4 fields where the header names 5; it was left out. | 3 | trace.csv, line 1207',
    );
  });
});

describe('repeating', () => {
  it('writes changes as flags that name the batch', () => {
    expect(changeFlags(example.summary.changes)).toEqual([
      '--at batch:3021:prefetch=tree,threshold=75',
      '--at batch:5410:eviction=random',
      '--at batch:5433:prefetch=none',
    ]);
    expect(policyFlag({ kind: 'eviction', id: 'random', params: {} })).toBe('eviction=random');
  });

  it('adds the flags that the command lacks, and no flag twice', () => {
    const [first = '', second = '', third = ''] = changeFlags(example.summary.changes);
    const text = section('repeat', { ...example, command: `npx faultline run x.yaml ${first}` });
    expect(text.split(first)).toHaveLength(2);
    expect(text).toContain(second);
    expect(text).toContain(third);
    // A flag that another one begins with is not mistaken for it.
    const longer = section('repeat', { ...example, command: `npx faultline run x.yaml ${second},again=1` });
    expect(longer.split(second)).toHaveLength(3);
  });

  it('lists the files of a trace instead of an empty block', () => {
    const workload = { name: 'app', file: 'app.lackey', kind: 'trace', sha256: 'ef'.repeat(32) } as const;
    const command = "npx faultline run app.lackey --symbols 'my app.syms' --allocations app.err --device-functions f";
    const blocks = buildReport(but({ workload }, { command, workloadText: '' }), ['repeat']);
    expect(blocks.filter(({ kind }) => kind === 'code')).toHaveLength(1);
    const text = words(blocks);
    expect(text).toContain('Trace: app.lackey');
    expect(text).toContain(`SHA-256 of the trace: ${'ef'.repeat(32)}`);
    expect(text).toContain('Symbol table (--symbols): my app.syms');
    expect(text).toContain('Allocation list (--allocations): app.err');
  });

  it('lists every auxiliary file of every importer', () => {
    const options = importers.flatMap(({ auxiliary }) => auxiliary.map(({ option }) => option));
    expect(options.length).toBeGreaterThan(0);
    for (const option of options)
      expect(auxiliaryFiles(`npx faultline run x --${option}=f.txt`)).toMatchObject([{ name: 'f.txt' }]);
  });

  it('reads a command as a shell does', () => {
    expect(commandWords(`a 'it'\\''s here' "b \\"c\\"" d\\ e --f='g h'`)).toEqual([
      'a',
      "it's here",
      'b "c"',
      'd e',
      '--f=g h',
    ]);
  });

  it('cuts a long input and says where the rest is', () => {
    const text = section('repeat', {
      ...example,
      workloadText: Array.from({ length: 1000 }, (_, i) => `line ${i}`).join('\n'),
    });
    expect(text).toContain('line 399');
    expect(text).not.toContain('line 400');
    expect(text).toContain('600 more lines are in the embedded scenario');
  });
});

describe('percent', () => {
  it.each([
    [1, 2, '50 %'],
    [0, 5, '0 %'],
    [5, 5, '100 %'],
    [1, 3, '33.3 %'],
    [1, 100_000, '< 0.1 %'],
    [99_999, 100_000, '> 99.9 %'],
    [0, 0, '–'],
  ])('%d of %d is %s', (part, whole, expected) => {
    expect(percent(part, whole)).toBe(expected);
  });
});
