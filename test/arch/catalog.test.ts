import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ts from 'typescript';
import { expect, test } from 'vitest';
import type * as csvModule from '../../src-core/exporters/csv';
import type * as codesModule from '../../src-core/kit/codes';
import { COLOURS } from '../../src-core/model/catalog/colours';
import type * as metricsModule from '../../src-core/model/catalog/metrics';
import { METRIC_TABLE } from '../../src-core/model/catalog/metrics';
import type * as columnsModule from '../../src-core/model/catalog/object-columns';
import { objectColumns } from '../../src-core/model/catalog/object-columns';
import { REASON_TABLE } from '../../src-core/model/catalog/reasons';
import type * as eventsModule from '../../src-core/model/events';
import { example } from '../unit/reports/example-input';
import { codeFiles, read, root, sourceFolders } from './project-files';

const tsc = join(root, 'node_modules/typescript/bin/tsc');
const catalog = 'src-core/model/catalog/';
const elsewhere = [...codeFiles(sourceFolders), 'src-renderer/theme/tokens.css'].filter(
  (path) => !path.startsWith(catalog),
);

interface Literal {
  readonly place: string;
  readonly text: string;
}

/** Every string literal and piece of template text of a file. */
function literalsOf(path: string, code: string): Literal[] {
  if (!/\.(ts|mts|vue)$/.test(path))
    return [...code.matchAll(/#[0-9a-f]{6}\b/gi)].map(([text]) => ({ place: path, text }));
  const source = ts.createSourceFile(path, code, ts.ScriptTarget.ES2022, true);
  const found: Literal[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isStringLiteralLike(node)) {
      const line = source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1;
      found.push({ place: `${path}:${line}`, text: node.text });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}
/** A template of a component is no code: its script is read, and its text is not compared. */
const codeOf = (path: string): string =>
  path.endsWith('.vue')
    ? [...read(path).matchAll(/<script[^>]*>([\s\S]*?)<\/script>/g)].map((match) => match[1] ?? '').join('\n')
    : read(path);

const literals = elsewhere.flatMap((path) => literalsOf(path, codeOf(path)));
const placesOf = (words: ReadonlySet<string>): string[] =>
  literals.filter(({ text }) => words.has(text)).map(({ place, text }) => `${place}: ${text}`);

/** Words that are ids of something else too (a policy, a kind of event) do not tell whose title they are. */
const isTitle = (word: string): boolean => /[A-Z ]/.test(word);

test('titles of reasons stand in the catalog only', () => {
  const titles = REASON_TABLE.flatMap(({ title, short }) => [title, short]).filter(isTitle);
  expect(titles.length).toBeGreaterThan(10);
  expect(placesOf(new Set(titles))).toEqual([]);
});

test('titles of metrics stand in the catalog only', () => {
  const titles = METRIC_TABLE.flatMap(({ title, short }) => [title, short]).filter(isTitle);
  expect(titles.length).toBeGreaterThan(20);
  expect(placesOf(new Set(titles))).toEqual([]);
});

test('the object table has its columns from the catalog only', () => {
  const helps = objectColumns(true).map(({ help }) => help);
  expect(placesOf(new Set(helps))).toEqual([]);
});

test('colours of charts stand in the catalog only', () => {
  const colours = Object.values(COLOURS).flatMap(({ light, dark }) => [light, dark] as string[]);
  expect(placesOf(new Set(colours))).toEqual([]);
});

/** What must compile with a metric that only the table knows. */
const readers = ['kit/codes', 'session/summary', 'analysis/object-rows', 'exporters/csv', 'reports/sections/objects'];

test('a metric that is added to the table alone reaches recordings, summaries, CSV and the object table', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'faultline-catalog-'));
  try {
    cpSync(join(root, 'src-core'), join(folder, 'src-core'), { recursive: true });
    cpSync(join(root, 'tsconfig.base.json'), join(folder, 'tsconfig.base.json'));
    symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
    const table = join(folder, catalog, 'metrics.ts');
    const end = '] as const satisfies readonly MetricRow[];';
    const planted =
      "{ id: 'plantedBytes', title: 'Planted', short: 'Planted', unit: 'bytes', means: 'Planted by a test.', ledger: true, summary: 'always', column: true },";
    const code = readFileSync(table, 'utf8');
    writeFileSync(table, code.replace(end, planted + end));
    const files = readers.map((path) => `src-core/${path}.ts`);
    const types = { extends: './src-core/tsconfig.json', include: ['src-core/base/platform.d.ts'], files };
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(types));
    const said = spawnSync(process.execPath, [tsc, '-p', folder, '--pretty', 'false'], { encoding: 'utf8' });
    expect(said.stdout).toBe('');

    const load = async <T>(path: string): Promise<T> => (await import(join(folder, 'src-core', path))) as T;
    const events = await load<typeof eventsModule>('model/events.ts');
    expect(events.METRIC_COUNT).toBe(METRIC_TABLE.length + 1);
    expect(events.LEDGER_METRICS.at(-1)).toBe('plantedBytes');
    const { METRIC } = await load<typeof codesModule>('kit/codes.ts');
    expect(METRIC).toMatchObject({ plantedBytes: METRIC_TABLE.length });
    const { countedOf } = await load<typeof metricsModule>('model/catalog/metrics.ts');
    expect(countedOf(() => 7, true)).toMatchObject({ plantedBytes: 7 });
    const columns = await load<typeof columnsModule>('model/catalog/object-columns.ts');
    expect(columns.objectColumns(true).map(({ id }) => id)).toContain('plantedBytes');
    const { csvExporter } = await load<typeof csvModule>('exporters/csv.ts');
    expect(csvExporter.write({ input: example, blocks: [], drawChart: () => '' })).toContain('plantedBytes [B]');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
