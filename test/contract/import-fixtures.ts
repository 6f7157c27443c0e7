import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AccessSource } from '../../src-core/contracts/access-stream';
import type { Importer } from '../../src-core/contracts/importer';
import { importers } from '../../src-core/importers/index';
import type { ByteSource } from '../../src-core/model/byte-source';
import { openFileSource } from '../../src-main/io/file-source';
import { context, memorySource } from '../unit/importers/sources';

/**
 * Every importer with every file of test/fixtures/imports/<id>/. What belongs to a fixture carries its whole name and
 * more: NAME.options.json, NAME.symbols.tsv …; NAME.expected.txt is what the suite of importers wants to see.
 */
export const folder = 'test/fixtures/imports';

export interface Fixture {
  readonly importer: Importer;
  readonly name: string;
  readonly path: string;
}

export const fixtures: readonly Fixture[] = importers.flatMap((importer) => {
  const names = readdirSync(join(folder, importer.id)).sort();
  const main = names.filter(
    (name) => name !== 'README.md' && !names.some((other) => other !== name && name.startsWith(`${other}.`)),
  );
  const isCompanion = (name: string): boolean =>
    /\.(options\.json|expected\.txt|symbols\.\w+|allocations\.\w+)$/.test(name);
  return main
    .filter((name) => !isCompanion(name))
    .map((name) => ({ importer, name, path: join(folder, importer.id, name) }));
});

/** A companion belongs to the fixture with or without its packing suffix. */
function companion(fixture: Fixture, kind: string): string | null {
  const stem = fixture.name.replace(/\.(gz|zst)$/, '');
  const found = readdirSync(join(folder, fixture.importer.id)).find((name) => name.startsWith(`${stem}.${kind}.`));
  return found ? join(folder, fixture.importer.id, found) : null;
}

export async function bytesOf(source: ByteSource): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of source.chunks()) chunks.push(chunk.slice());
  return Buffer.concat(chunks);
}

/** Imports the bytes of a fixture under a name, given out in chunks of a size. */
export async function prepare(
  fixture: Fixture,
  data: Uint8Array,
  name: string,
  chunkBytes: number,
): Promise<AccessSource> {
  const optionFile = companion(fixture, 'options');
  const options = optionFile ? (JSON.parse(readFileSync(optionFile, 'utf8')) as Record<string, string | boolean>) : {};
  const files: Record<string, ByteSource> = {};
  for (const { option } of fixture.importer.auxiliary) {
    const path = companion(fixture, option);
    if (path) files[option] = memorySource(`${option}.txt`, await bytesOf(await openFileSource(path)), chunkBytes);
  }
  return fixture.importer.prepare(memorySource(name, data, chunkBytes), context(options, files));
}
