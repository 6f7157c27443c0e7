import { mkdirSync, mkdtempSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { bringUpToDate } from '../../../src-main/bring-up-to-date.mjs';
import { listSources, namesIn, readStamp } from '../../../src-main/source-stamp.mjs';

const inputs = ['src', 'package.json', 'absent.ts'];
let root: string;
let out: string;
let builds: number;

const write = (name: string, text: string): void => writeFileSync(join(root, name), text);
/** What `buildIfStale` asks first: have sizes and times stayed as they were at the last build? */
const looksFresh = (): boolean => readStamp(out).listing === listSources(root, inputs);
const build = (): Promise<void> => {
  builds++;
  return Promise.resolve();
};
const bring = (force = false): Promise<void> => bringUpToDate({ root, out, inputs, force, build });

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'faultline-stamp-'));
  out = join(root, 'out');
  builds = 0;
  mkdirSync(join(root, 'src/deep'), { recursive: true });
  write('src/a.ts', 'a');
  write('src/deep/b.ts', 'b');
  write('package.json', '{}');
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

describe('the stamp of a build', () => {
  it('names every file below the inputs and skips an input that does not exist', () => {
    expect(namesIn(listSources(root, inputs))).toEqual(['src/a.ts', 'src/deep/b.ts', 'package.json']);
  });

  it('is absent before the first build and fresh after it', async () => {
    expect(looksFresh()).toBe(false);
    await bring();
    expect(builds).toBe(1);
    expect(looksFresh()).toBe(true);
  });

  it.each([
    ['is edited', () => write('src/deep/b.ts', 'longer')],
    ['is edited without a change of size', () => write('src/a.ts', 'c')],
    ['is added', () => write('src/new.ts', '')],
    ['is removed', () => rmSync(join(root, 'src/a.ts'))],
    ['is renamed', () => renameSync(join(root, 'src/a.ts'), join(root, 'src/z.ts'))],
  ])('is stale when a source %s, and one build makes it fresh', async (_what, edit) => {
    await bring();
    await new Promise((done) => setTimeout(done, 20)); // file systems count time in steps of a few milliseconds
    edit();
    expect(looksFresh()).toBe(false);
    await bring();
    expect(builds).toBe(2);
    expect(looksFresh()).toBe(true);
  });

  it('is stale when an edit keeps the size and sets the time of modification back', async () => {
    await bring();
    const { atime, mtime } = statSync(join(root, 'src/a.ts'));
    await new Promise((done) => setTimeout(done, 20));
    write('src/a.ts', 'c');
    utimesSync(join(root, 'src/a.ts'), atime, mtime);
    expect(looksFresh()).toBe(false);
    await bring();
    expect(builds).toBe(2);
  });

  it('is renewed without a build when only the times of files have changed', async () => {
    await bring();
    const later = new Date(Date.now() + 5000);
    utimesSync(join(root, 'src/a.ts'), later, later);
    expect(looksFresh()).toBe(false);
    await bring();
    expect(builds).toBe(1);
    expect(looksFresh()).toBe(true);
  });

  it('does not keep a forced build from building', async () => {
    await bring();
    await bring(true);
    expect(builds).toBe(2);
  });

  it('is gone after a build that failed', async () => {
    await bring();
    write('src/a.ts', 'broken');
    const fail = (): Promise<void> => Promise.reject(new Error('no'));
    await expect(bringUpToDate({ root, out, inputs, build: fail })).rejects.toThrow('no');
    expect(readStamp(out)).toEqual({ hash: '', listing: '' });
  });

  it('lets processes that start at once build once', async () => {
    const slow = async (): Promise<void> => {
      builds++;
      await new Promise((done) => setTimeout(done, 50));
    };
    await Promise.all([1, 2, 3].map(() => bringUpToDate({ root, out, inputs, build: slow })));
    expect(builds).toBe(1);
  });
});
