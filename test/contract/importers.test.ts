import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { AccessSource } from '../../src-core/contracts/access-stream';
import type { ByteSource } from '../../src-core/model/byte-source';
import type { Importer } from '../../src-core/contracts/importer';
import { importers, pickImporter, readHead } from '../../src-core/importers/index';
import { Refusal } from '../../src-core/model/refusal';
import { openFileSource } from '../../src-main/io/file-source';
import { bytesOf, fixtures, folder, prepare } from './import-fixtures';
import { checkSpace, context, memorySource, replay, tally, type Replayed } from '../unit/importers/sources';

function describeResult(source: AccessSource, replayed: Replayed): string {
  const lines = [
    `accesses ${source.accesses ?? 'unknown'}, devices ${source.devices}, groups ${replayed.groups.length}`,
    '',
    'objects',
    ...source.space.objects.map(
      (object) => `  ${object.name} at 0x${object.address.toString(16)}, ${object.bytes} bytes`,
    ),
    '',
    'steps',
    ...replayed.steps.map((step) => `  ${step}`),
    ...(replayed.instants.length > 0 ? ['', `instants (ps): ${replayed.instants.join(' ')}`] : []),
    '',
    'accesses by processor class, object and kind',
    ...Object.entries(tally(replayed)).map(([key, count]) => `  ${key}: ${count}`),
    '',
    'findings',
    ...source
      .findings()
      .map(
        (finding) =>
          `  ${finding.severity} ${finding.kind} × ${finding.count}, line ${finding.place?.line ?? '–'}: ${finding.message}`,
      ),
  ];
  return `${lines.join('\n')}\n`;
}

test('every importer has fixtures and a README that names each', () => {
  for (const importer of importers) {
    const readme = readFileSync(join(folder, importer.id, 'README.md'), 'utf8');
    const own = fixtures.filter((fixture) => fixture.importer === importer);
    expect(own.length).toBeGreaterThan(0);
    for (const fixture of own) {
      expect(readme).toContain(fixture.name);
      expect(readFileSync(fixture.path).length).toBeLessThanOrEqual(20_000);
      expect(existsSync(join(folder, importer.id, `${fixture.name}.expected.txt`))).toBe(true);
    }
  }
});

describe.each(fixtures)('$importer.id: $name', (fixture) => {
  test('gives what is expected, twice, in a lawful space', async () => {
    const data = await bytesOf(await openFileSource(fixture.path));
    const source = await prepare(fixture, data, fixture.name, 65_536);
    checkSpace(source);
    const replayed = await replay(source);
    expect(replayed.accesses).toBe(source.accesses);
    expect(await replay(source)).toEqual(replayed);
    await expect(describeResult(source, replayed)).toMatchFileSnapshot(
      join('..', '..', `${fixture.path}.expected.txt`),
    );
  });

  test('is recognised by content alone, by this importer only', async () => {
    const head = await readHead(await openFileSource(fixture.path));
    for (const name of [fixture.name, 'data.csv', 'trace.lackey', 'x']) {
      const pick = pickImporter(head, name);
      expect(pick.importer?.id).toBe(fixture.importer.id);
      expect(pick.ties).toEqual([]);
    }
  });

  test.each([1, 7, 4096])('gives the same in chunks of %i bytes', async (chunkBytes) => {
    const data = await bytesOf(await openFileSource(fixture.path));
    const whole = await prepare(fixture, data, fixture.name, data.length);
    const pieces = await prepare(fixture, data, fixture.name, chunkBytes);
    expect(pieces.space).toEqual(whole.space);
    expect(pieces.findings()).toEqual(whole.findings());
    expect(await replay(pieces)).toEqual(await replay(whole));
  });

  test('cut anywhere it still loads or is refused with its name', async () => {
    const data = await bytesOf(await openFileSource(fixture.path));
    let loaded = 0;
    for (let part = 1; part < 40; part++) {
      const cut = data.subarray(0, Math.floor((data.length * part) / 40));
      try {
        const source = await prepare(fixture, cut, 'cut', 65_536);
        checkSpace(source);
        expect((await replay(source)).accesses).toBe(source.accesses);
        loaded++;
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        expect(error.message).toMatch(/^cut[:,]/);
      }
    }
    expect(loaded).toBeGreaterThan(10);
  });

  test('lines in another order still load, or are refused', async () => {
    const lines = new TextDecoder().decode(await bytesOf(await openFileSource(fixture.path))).split('\n');
    try {
      const source = await prepare(fixture, new TextEncoder().encode(lines.reverse().join('\n')), 'shuffled', 65_536);
      expect((await replay(source)).accesses).toBe(source.accesses);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      expect(error.message).toMatch(/^shuffled[:,]/);
    }
  });

  test('stops when cancelled', async () => {
    const data = await bytesOf(await openFileSource(fixture.path));
    const cancelled = context({}, {}, { cancelled: () => true });
    await expect(fixture.importer.prepare(memorySource('x', data), cancelled)).rejects.toThrow(/^cancelled$/);
  });
});

describe.each(importers)('$id', (importer) => {
  const garbage = Uint8Array.from({ length: 200_000 }, (_, at) => (at * 2_654_435_761) >>> 13);
  const letters = garbage.map((byte) => 32 + (byte % 95));

  test.each([
    ['binary garbage', garbage],
    ['one endless line', letters],
    ['nothing', new Uint8Array(0)],
    ['zeros', new Uint8Array(100_000)],
    ['blank lines', new TextEncoder().encode('\n\n\r\n')],
    ['prose', new TextEncoder().encode('Dear reader,\nthis is not a trace.\n')],
  ])('does not recognise %s, and refuses it', async (_, data) => {
    expect(importer.sniff(data.subarray(0, 65_536), 'trace.csv')).toBe(0);
    const prepared = importer.prepare(memorySource('thing', data), context());
    await expect(prepared).rejects.toBeInstanceOf(Refusal);
    await expect(prepared).rejects.toThrow(/^thing[:,].*expected/is);
  });

  test('refuses an unknown option and names the known ones', async () => {
    await expect(importer.prepare(memorySource('x', 'y'), context({ nonsense: 1 }))).rejects.toThrow(
      /unknown option "nonsense" \(known: /,
    );
  });

  test('hands on what a damaged source says', async () => {
    const broken: ByteSource = {
      name: 'broken.gz',
      // eslint-disable-next-line require-yield -- a source that fails at once
      chunks: async function* () {
        throw new Refusal('broken.gz: the file is cut short');
      },
      progress: () => ({ read: 0, total: null }),
    };
    await expect(importer.prepare(broken, context())).rejects.toThrow('broken.gz: the file is cut short');
  });
});

test('two importers that are equally sure are reported as a tie', () => {
  const [first] = importers;
  const twin: Importer = { ...first!, id: 'twin' };
  const pick = pickImporter(new TextEncoder().encode(' L 04000000,8\n S 04000000,8\n L 04000008,8\n'), 'x', [
    first!,
    twin,
  ]);
  expect(pick.importer?.id).toBe('lackey');
  expect(pick.ties.map((importer) => importer.id)).toEqual(['twin']);
  expect(pickImporter(new TextEncoder().encode('hello'), 'x')).toEqual({ importer: null, confidence: 0, ties: [] });
});
