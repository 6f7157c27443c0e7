import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Refusal } from '../../../src-core/model/refusal';
import { atomicWrite } from '../../../src-main/io/atomic-write';

let folder = '';
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'faultline-write-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));
const at = (name: string): string => join(folder, name);

async function* pieces(count: number, failAfter = Infinity): AsyncGenerator<Uint8Array> {
  for (let i = 0; i < count; i++) {
    if (i === failAfter) throw new Error('the data gave out');
    yield new Uint8Array(1000).fill(i);
  }
}

test('writes text, bytes and pieces, and says how much', async () => {
  expect(await atomicWrite(at('t'), 'größer')).toBe(8);
  expect(readFileSync(at('t'), 'utf8')).toBe('größer');
  expect(await atomicWrite(at('t'), Uint8Array.of(1, 2, 3))).toBe(3);
  expect([...readFileSync(at('t'))]).toEqual([1, 2, 3]);
  expect(await atomicWrite(at('t'), pieces(5))).toBe(5000);
  expect(readFileSync(at('t'))[4999]).toBe(4);
  expect(await atomicWrite(at('t'), [])).toBe(0);
  expect(readdirSync(folder)).toEqual(['t']);
});

test('when the data fails in the middle, the old file stands and nothing else is left', async () => {
  writeFileSync(at('t'), 'old');
  await expect(atomicWrite(at('t'), pieces(5, 3))).rejects.toThrow('the data gave out');
  expect(readFileSync(at('t'), 'utf8')).toBe('old');
  expect(readdirSync(folder)).toEqual(['t']);
});

test('the new content appears at once, never half', async () => {
  writeFileSync(at('t'), 'old');
  async function* watched(): AsyncGenerator<Uint8Array> {
    for await (const piece of pieces(3)) {
      expect(readFileSync(at('t'), 'utf8')).toBe('old');
      yield piece;
    }
  }
  expect(await atomicWrite(at('t'), watched())).toBe(3000);
  expect(statSync(at('t')).size).toBe(3000);
});

test('keeps the permissions of the file that it replaces, and a link stays a link', async () => {
  writeFileSync(at('real'), 'old');
  chmodSync(at('real'), 0o640);
  symlinkSync('real', at('link'));
  await atomicWrite(at('link'), 'new');
  expect(lstatSync(at('link')).isSymbolicLink()).toBe(true);
  expect(readFileSync(at('real'), 'utf8')).toBe('new');
  expect(statSync(at('real')).mode & 0o777).toBe(0o640);
});

test.each([
  ['a folder that is not there', 'no/such/t', /^t cannot be written: its folder does not exist.*\(ENOENT\)$/],
  ['a directory in the way', 'taken', /^taken cannot be written: a directory with this name exists.*\(EISDIR\)$/],
])('%s is refused', async (_, path, message) => {
  mkdirSync(at('taken'));
  const writing = atomicWrite(at(path), 'x');
  await expect(writing).rejects.toBeInstanceOf(Refusal);
  await expect(writing).rejects.toThrow(message);
  expect(readdirSync(folder)).toEqual(['taken']);
});

test.runIf(process.platform === 'linux')('a file system that takes no files is refused', async () => {
  await expect(atomicWrite('/proc/self/faultline-report', 'x')).rejects.toBeInstanceOf(Refusal);
});
