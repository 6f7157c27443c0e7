import { describe, expect, it } from 'vitest';
import type { ComparisonRow } from '../../../src-core/model/comparison';
import type { SystemNumbers, SystemSummary } from '../../../src-core/model/memory-system';
import type { ReportBlock, ReportInput } from '../../../src-core/model/report';
import type { RunSummary } from '../../../src-core/model/summary';
import { buildReport } from '../../../src-core/reports/build';
import { comparisonBlocks, systemBlocks } from '../../../src-core/reports/system-blocks';
import { titanV } from '../../../src-core/presets/machines/titan-v';
import { example } from './example-input';
import { numbers, system, withSystem } from './example-system';

type Table = Extract<ReportBlock, { kind: 'table' }>;
const tables = (blocks: readonly ReportBlock[]): readonly Table[] => blocks.filter((block) => block.kind === 'table');
const rowOf = (table: Table | undefined, title: string): readonly string[] | undefined =>
  table?.rows.find(([first]) => first === title);

const row = (
  id: SystemSummary['id'],
  summary: RunSummary | null,
  chosen: ComparisonRow['chosen'] = {},
): ComparisonRow => ({
  system: { id, params: chosen },
  chosen,
  title: `the system ${id}`,
  summary,
  refusal: summary ? null : 'too large',
});

describe('the memory system of a run', () => {
  it('is nothing for the ideal one, whose report stays as it was', () => {
    expect(systemBlocks(example.summary)).toEqual([]);
    expect(buildReport(example, ['memory-system'])).toEqual([]);
    expect(buildReport(example).some((block) => block.kind === 'heading' && block.text === 'Memory system')).toBe(
      false,
    );
  });

  it('says which policies of the run had no effect', () => {
    const says = (summary: RunSummary): boolean =>
      buildReport({ ...example, summary }, ['policies']).some(
        (block) => block.kind === 'paragraph' && block.text.includes('makes its own decisions'),
      );
    const own = withSystem(example.summary);
    expect(says(own)).toBe(true);
    expect(says({ ...own, system: { ...own.system!, followsPolicies: true } })).toBe(false);
    expect(says(example.summary)).toBe(false);
    const tables = (summary: RunSummary): number =>
      buildReport({ ...example, summary }, ['policies']).filter(
        (block) => block.kind === 'table' && block.caption === 'Policies at the start of the run.',
      ).length;
    expect(tables(own)).toBe(0);
    expect(tables(example.summary)).toBe(1);
  });

  it('names neither a granularity nor what is not modelled where a driver has its own', () => {
    const told = (id: string, input: ReportInput): string => JSON.stringify(buildReport(input, [id]));
    const own = { ...example, summary: withSystem(example.summary) };
    expect(told('run', example)).toContain('Granularity');
    expect(told('run', own)).not.toContain('Granularity');
    expect(told('completeness', example)).toMatch(
      /TLBs and page-table walks.*A limit of host memory.*Thrashing mitigation/,
    );
    expect(told('completeness', own)).not.toContain('Thrashing mitigation');
    const limited = { ...own.summary.system!, params: { hostMemory: 512 } };
    const text = told('completeness', { ...own, machine: titanV, summary: { ...own.summary, system: limited } });
    expect(text).toContain('TLBs before the last level');
    expect(text).not.toContain('page-table walks');
    expect(text).not.toContain('A limit of host memory');
  });

  it('shows its parameters, its numbers with their units, its requirements and its outcomes', () => {
    const blocks = systemBlocks(withSystem(example.summary));
    expect(blocks[0]).toEqual({ kind: 'paragraph', text: 'HMM: hmm, thp=always, contents=true.' });
    const facts = blocks.flatMap((block) => (block.kind === 'facts' ? block.facts : []));
    const fact = (label: string): string | undefined => facts.find((each) => each.label === label)?.value;
    expect(fact('Accesses per second')).toBe('1,500,000/s');
    expect(fact('Work item, median')).toBe('2 µs');
    expect(fact('Work item, longest')).toBe('9 ms');
    expect(fact('Barrier steps')).toBe('0');
    expect(fact('Barrier step, median')).toBe('–');
    expect(fact('Device busy')).toBe('12.5 %');
    expect(fact('Duplication factor')).toBe('1.50');
    expect(fact('Wrong bytes read')).toBe('0');
    expect(fact('RSS and memcg add up')).toBe('NO');
    const [requirements, outcomes] = tables(blocks);
    expect(requirements?.rows).toEqual([
      ['1a', 'all data can be moved off', 'FAIL', '4 KiB stay'],
      ['5', 'no migration when it is switched off', 'not tested', 'migration was on'],
      ['6', 'no change to the application', 'pass', '0 calls added'],
    ]);
    expect(outcomes?.rows).toEqual([['SIGBUS', 'gpu0 read', 'A', '3', '1,024']]);
  });

  it('says where bytes were not checked, and has no table of outcomes where there was none', () => {
    const quiet = withSystem(example.summary, { outcomes: [], numbers: { ...numbers, contentMismatches: null } });
    const blocks = systemBlocks(quiet);
    expect(JSON.stringify(blocks)).toContain('not recorded');
    expect(tables(blocks)).toHaveLength(1);
  });
});

describe('a comparison', () => {
  const slow: SystemNumbers = { ...numbers, apiCalls: 100, rssConsistent: true };
  const copy = withSystem(example.summary, {
    id: 'copy',
    numbers: slow,
    requirements: system.requirements.map((each) => (each.id === '6' ? { ...each, holds: false } : each)),
    outcomes: [],
  });
  const rows = [
    row('hmm', withSystem(example.summary), { thp: 'always' }),
    row('copy', copy),
    row('ideal', example.summary),
    row('dax', null),
  ];
  const blocks = comparisonBlocks(rows);
  const [numbersTable, requirements, outcomes] = tables(blocks);

  it('has a column per system that ran, named by what was chosen, and a row per number', () => {
    expect(numbersTable?.columns.map(({ title }) => title)).toEqual(['Number', 'hmm thp=always', 'copy', 'ideal']);
    expect(rowOf(numbersTable, 'Calls added to the application')).toEqual([
      'Calls added to the application',
      '0',
      '100',
      '–',
    ]);
    // What every run has stands in all columns, also in that of the ideal system.
    expect(rowOf(numbersTable, 'Device faults')).toEqual(['Device faults', '835,584', '835,584', '835,584']);
    for (const table of tables(blocks)) for (const line of table.rows) expect(line).toHaveLength(table.columns.length);
  });

  it('judges each requirement per system, in words', () => {
    expect(rowOf(requirements, '6 no change to the application')?.slice(1)).toEqual(['pass', 'FAIL', '–']);
    expect(rowOf(requirements, '1a all data can be moved off')?.slice(1)).toEqual(['FAIL', 'FAIL', '–']);
  });

  it('names the system of each outcome, and what could not be run', () => {
    expect(outcomes?.rows).toEqual([['hmm thp=always', 'SIGBUS', 'gpu0 read', 'A', '3', '1,024']]);
    expect(blocks.at(-1)).toEqual({ kind: 'paragraph', text: 'dax could not be run: too large' });
  });

  it('is a section of the report', () => {
    const input: ReportInput = { ...example, comparison: rows };
    const captions = tables(buildReport(input, ['compared-systems'])).map(({ caption }) => caption);
    expect(captions[0]).toBe('The same workload under different memory systems.');
  });

  it('of nothing that ran is only the reasons', () => {
    expect(comparisonBlocks([row('dax', null)])).toEqual([
      { kind: 'paragraph', text: 'dax could not be run: too large' },
    ]);
  });
});

describe('calls in the timelines of a report', () => {
  it('are listed in their order with their answers, and not at all where there was none', () => {
    const marks = [
      ...example.timeline.marks,
      { at: 1e9, kind: 'os' as const, label: 'munmap', detail: 'ok, in A' },
      { at: 2e9, kind: 'outcome' as const, label: 'cpu read', detail: 'SIGSEGV, in A' },
    ];
    const [table] = tables(buildReport({ ...example, timeline: { ...example.timeline, marks } }, ['timelines']));
    expect(table?.rows).toEqual([
      ['1 ms', 'munmap', 'ok, in A'],
      ['2 ms', 'cpu read', 'SIGSEGV, in A'],
    ]);
    expect(tables(buildReport(example, ['timelines']))).toEqual([]);
  });
});
