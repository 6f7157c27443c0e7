import type { BoundValue } from '../../../src-core/model/bounds';
import { describe, expect, it } from 'vitest';
import { exporters } from '../../../src-core/exporters';
import type { ExportRequest } from '../../../src-core/exporters/exporter';
import { rereadReport } from '../../../src-core/exporters/html';
import type { ReportInput } from '../../../src-core/model/report';
import { Refusal } from '../../../src-core/model/refusal';
import { buildReport } from '../../../src-core/reports/build';
import { chartSvg } from '../../../src-core/reports/svg';
import { example, object } from '../reports/example-input';
import { system, withSystem } from '../reports/example-system';

const request = (input: ReportInput): ExportRequest => ({ input, blocks: buildReport(input), drawChart: chartSvg });
const write = (id: string, input: ReportInput = example): string =>
  exporters.find((exporter) => exporter.id === id)!.write(request(input));

/** Everything a workload or trace may name, hostile. */
const HOSTILE = `</pre></title><script>alert(1)</script><img src=x onerror="alert('2')">&amp;\u0000\u202E"`;
const hostile: ReportInput = {
  ...example,
  workloadText: `a: "${HOSTILE}"\r\n\tb: \uD800 é 漢 </pre>`,
  command: `faultline run '${HOSTILE}'`,
  summary: {
    ...example.summary,
    workload: { ...example.summary.workload, name: HOSTILE, file: HOSTILE },
    objects: [object(HOSTILE, { stallPs: 1 })],
    findings: [{ kind: 'x', severity: 'warning', message: HOSTILE, count: 1, place: { file: HOSTILE } }],
    policies: [{ kind: 'eviction', id: HOSTILE, params: { [HOSTILE]: HOSTILE } }],
  },
  timeline: {
    ...example.timeline,
    tracks: example.timeline.tracks.map((track) => ({ ...track, title: HOSTILE })),
    marks: [{ at: 5, kind: 'policy', label: HOSTILE, detail: HOSTILE }],
  },
};

describe('all exporters', () => {
  it.each(exporters.map(({ id }) => [id]))('%s: same input, same bytes', (id) => {
    expect(write(id)).toBe(write(id));
    expect(write(id, hostile)).toBe(write(id, hostile));
  });

  it('have unique ids', () => {
    expect(exporters.map(({ id }) => id)).toEqual(['html', 'json', 'csv']);
  });
});

describe('html', () => {
  const ALLOWED =
    'html head meta title style body header p h1 h2 nav a main section dl div dt dd table caption thead tbody tr th td figure figcaption ul li i b span pre footer svg rect path polygon text'.split(
      ' ',
    );
  const tags = (text: string): Set<string> =>
    new Set([...text.matchAll(/<\/?([a-zA-Z][a-zA-Z0-9]*)/g)].map(([, tag = '']) => tag));

  it.each([
    ['the example', example],
    ['hostile names', hostile],
  ])('%s: holds only known elements, no script, no request', (_what, input) => {
    const text = write('html', input);
    for (const tag of tags(text)) expect(ALLOWED).toContain(tag);
    const elements = [...text.matchAll(/<[a-zA-Z][^>]*>/g)].map(([element]) => element);
    for (const element of elements) expect(element).not.toMatch(/\s(on[a-z]+|src|srcset|action|formaction)\s*=/i);
    for (const element of elements.filter((one) => one.includes('href')))
      expect(element).toMatch(/^<a href="#section-\d+">$/);
    expect(text.match(/https?:\/\/[^"\s]*/g)?.every((url) => url.startsWith('http://www.w3.org/'))).toBe(true);
    expect(text).toContain(`content="default-src 'none'; style-src 'unsafe-inline'; img-src data:"`);
    expect(text).not.toMatch(/@import|url\(/);
    // eslint-disable-next-line no-control-regex -- HTML forbids them
    expect(text).not.toMatch(/[\u0000-\u0008\u000B\u000C\u000E-\u001F]/);
  });

  it('every element that is opened is closed, in order', () => {
    const open: string[] = [];
    for (const [, slash, tag = ''] of write('html', hostile).matchAll(/<(\/?)([a-zA-Z][a-zA-Z0-9]*)[^>]*>/g)) {
      if (tag === 'meta') continue;
      if (slash === '') open.push(tag);
      else expect(open.pop()).toBe(tag);
    }
    expect(open).toEqual([]);
  });

  it('shows a hostile name as text', () => {
    expect(write('html', hostile)).toContain('&lt;script&gt;alert(1)&lt;/script&gt;');
  });

  it('answers what was run, on what and how to repeat it', () => {
    const text = write('html');
    for (const expected of [
      'r costs most',
      'Discrete GPU, PCIe 4 x16',
      '--at batch:3021:prefetch=tree,threshold=75',
      example.summary.recordingHash,
    ])
      expect(text).toContain(expected);
    expect(text.match(/<svg /g)).toHaveLength(3);
  });

  it('needs no drawing for a report without charts', () => {
    const drawChart = (): string => {
      throw new Error('nothing to draw');
    };
    const html = exporters.find(({ id }) => id === 'html')!;
    expect(html.write({ input: example, blocks: buildReport(example, ['objects']), drawChart })).toContain(
      '<h2>Objects</h2>',
    );
  });
});

describe('rereadReport', () => {
  it.each([
    ['the example', example],
    ['hostile text', hostile],
  ])('%s: gives back the scenario exactly', (_what, input) => {
    const scenario = rereadReport(write('html', input));
    expect(scenario.workloadText).toBe(input.workloadText);
    expect(scenario.workloadFile).toBe(input.summary.workload.file);
    expect(scenario.changeOrigins).toEqual(input.summary.changes.map(({ origin }) => origin));
    expect(scenario.expectedHash).toBe(input.summary.recordingHash);
    expect(scenario.machine).toEqual(input.machine);
    expect(scenario.options).toEqual({
      machine: 'pcie4-16g',
      deviceMemoryBytes: 268435456,
      granularity: 4096,
      seed: 1,
      policies: input.summary.policies,
      changes: input.summary.changes.map(({ batch, policy }) => ({ moment: { at: 'batch', batch }, policy })),
      usefulBytes: true,
    });
  });

  it('remembers that useful bytes were switched off', () => {
    const totals = { ...example.summary.totals, usefulBytes: null };
    const text = write('html', { ...example, summary: { ...example.summary, totals } });
    expect(rereadReport(text).options.usefulBytes).toBe(false);
  });

  const damaged = (from: string, to: string): string => {
    const text = write('html');
    expect(text).toContain(from);
    return text.replaceAll(from, to);
  };
  it.each<[string, () => string, RegExp]>([
    ['no report', () => '<html></html>', /mine\.html contains no Faultline scenario/],
    ['an empty file', () => '', /contains no Faultline scenario/],
    ['a report cut in half', () => write('html').slice(0, 40_000), /contains no Faultline scenario/],
    [
      'a report cut inside the scenario',
      () => write('html').split('expectedHash')[0]!,
      /contains no Faultline scenario/,
    ],
    ['broken JSON', () => damaged('&quot;format&quot;:', ''), /is not JSON/],
    ['a later version', () => damaged('&quot;version&quot;:1', '&quot;version&quot;:2'), /version .*newer Faultline/],
    ['a wrong seed', () => damaged('&quot;seed&quot;:1', '&quot;seed&quot;:-1'), /options\.seed .*whole number/],
    [
      'a wrong change',
      () => damaged('&quot;at&quot;:&quot;batch&quot;', '&quot;at&quot;:&quot;x&quot;'),
      /options\.changes/,
    ],
  ])('refuses %s', (_what, make, message) => {
    expect(() => rereadReport(make(), 'mine.html')).toThrow(Refusal);
    expect(() => rereadReport(make(), 'mine.html')).toThrow(message);
  });
});

describe('json', () => {
  it('has the fields of the run summary on top, and what is needed to repeat the run', () => {
    const report = JSON.parse(write('json')) as Record<string, unknown>;
    expect(report).toMatchObject({ ...example.summary, command: example.command });
    expect(report['scenario']).toEqual(rereadReport(write('html')));
  });
});

describe('csv', () => {
  /** RFC 4180, written from the grammar. */
  function parse(text: string): string[][] {
    const rows: string[][] = [];
    let at = 0;
    while (at < text.length) {
      const row: string[] = [];
      for (;;) {
        let field = '';
        if (text[at] === '"') {
          for (at++; text[at] !== '"' || text[at + 1] === '"'; at++) {
            if (text[at] === '"') at++;
            field += text[at] ?? '';
          }
          at++;
        } else while (at < text.length && !',\r\n"'.includes(text[at]!)) field += text[at++] ?? '';
        row.push(field);
        if (text[at] !== ',') break;
        at++;
      }
      expect(text.slice(at, at + 2)).toBe('\r\n');
      at += 2;
      rows.push(row);
    }
    return rows;
  }

  it('is one table: a row per object and the totals, units in the header', () => {
    const [header = [], ...rows] = parse(write('csv'));
    expect(rows).toHaveLength(4);
    for (const row of rows) expect(row).toHaveLength(header.length);
    const cell = (row: number, title: string): string | undefined => rows[row]?.[header.indexOf(title)];
    expect(cell(2, 'name')).toBe('r');
    expect(cell(2, 'bytesToDevice [B]')).toBe('3321888768');
    expect(cell(3, 'row')).toBe('total');
    expect(cell(3, 'gpuFaults [count]')).toBe('835584');
    expect(cell(3, 'simTimePs [ps]')).toBe('1850000000000');
    expect(cell(2, 'address')).toBe('0x7f0000000000');
  });

  it('quotes what needs quoting, leaves empty what was not recorded and disarms formulas', () => {
    const objects = [object('a,"b"\r\nc', { usefulBytes: null }), object('=HYPERLINK("x")'), object('-1')];
    const [header = [], ...rows] = parse(write('csv', { ...example, summary: { ...example.summary, objects } }));
    expect(rows.map((row) => row[1])).toEqual(['a,"b"\r\nc', `'=HYPERLINK("x")`, `'-1`, '']);
    expect(rows[0]?.[header.indexOf('usefulBytes [B]')]).toBe('');
  });

  it('has a row per bound and kind, with empty cells where it is not defined', () => {
    const value = (quantity: BoundValue['quantity'], kind: BoundValue['kind'], number: number | null): BoundValue => ({
      ...{ quantity, kind, value: number, run: 1 },
      ...{ ratio: null, reason: number === null ? 'why' : null },
    });
    const bounds = [
      {
        ...{ id: 'infinite-memory', title: 'Infinite', summary: '', notes: [] },
        values: [
          value('gpuFaults', 'bound', 7),
          value('bytesToHost', 'bound', null),
          value('simTimePs', 'reference', 9),
        ],
      },
      { id: 'link-floor', title: 'Link', summary: '', notes: [], values: [value('linkBytes', 'bound', 11)] },
    ];
    const [header = [], ...rows] = parse(write('csv', { ...example, bounds }));
    for (const row of rows) expect(row).toHaveLength(header.length);
    const below = rows.slice(-3);
    const column = (title: string): readonly (string | undefined)[] => below.map((row) => row[header.indexOf(title)]);
    expect(column('row')).toEqual(['bound', 'reference', 'bound']);
    expect(column('name')).toEqual(['infinite-memory', 'infinite-memory', 'link-floor']);
    expect(column('gpuFaults [count]')).toEqual(['7', '', '']);
    expect(column('bytesToHost [B]')).toEqual(['', '', '']);
    expect(column('simTimePs [ps]')).toEqual(['', '9', '']);
    expect(column('linkBytes [B]')).toEqual(['', '', '11']);
    const { bytesToDevice, bytesToHost, remoteBytes } = example.summary.totals;
    expect(rows.at(-4)?.[header.indexOf('linkBytes [B]')]).toBe(String(bytesToDevice + bytesToHost + remoteBytes));
    expect(JSON.parse(write('json', { ...example, bounds }))).toMatchObject({ bounds });
  });

  it('has more columns for a run under a memory system, and a row per compared one', () => {
    const summary = withSystem(example.summary);
    const choice = { id: 'hmm' as const, params: system.params };
    const comparison = [
      { system: choice, chosen: { thp: 'always' }, title: 'HMM', summary, refusal: null },
      { system: { id: 'dax' as const, params: {} }, chosen: {}, title: 'DAX', summary: null, refusal: 'too "large"' },
    ];
    const [header = [], ...rows] = parse(write('csv', { ...example, summary, system: choice, comparison }));
    for (const row of rows) expect(row).toHaveLength(header.length);
    expect(new Set(header).size).toBe(header.length);
    const column = (title: string): readonly (string | undefined)[] => rows.map((row) => row[header.indexOf(title)]);
    expect(column('row')).toEqual(['object', 'object', 'object', 'total', 'system', 'system']);
    expect(column('name').slice(4)).toEqual(['hmm thp=always', 'dax']);
    expect(column('workItems.p99 [ps]')).toEqual(['', '', '', '8000000000', '8000000000', '']);
    expect(column('requirement 1a').slice(3)).toEqual(['fail', 'fail', '']);
    expect(column('requirement 5').slice(3)).toEqual(['', '', '']);
    expect(column('outcomes [count]').slice(3)).toEqual(['3', '3', '']);
    expect(column('refusal').slice(3)).toEqual(['', '', 'too "large"']);
  });
});
