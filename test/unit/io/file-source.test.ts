import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync, chmodSync, mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Refusal } from '../../../src-core/model/refusal';
import { openFileSource } from '../../../src-main/io/file-source';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'faultline-io-'));
  chmodSync(folder, 0o755);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, data: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, data);
  return path;
}

async function content(path: string): Promise<Buffer> {
  const source = await openFileSource(path);
  const chunks: Uint8Array[] = [];
  for await (const chunk of source.chunks()) chunks.push(chunk);
  const { read, total } = source.progress();
  expect(read).toBe(total);
  return Buffer.concat(chunks);
}

async function refusal(path: string): Promise<string> {
  const error: unknown = await content(path).then(
    () => null,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(Refusal);
  const { message } = error as Refusal;
  expect(message).not.toContain(folder);
  return message;
}

const zstdFixture = 'test/fixtures/lackey/matmul-n32.lackey.zst';
const noise = Uint8Array.from({ length: 700_000 }, (_, at) => (at * at * 2_654_435_761) >>> 7);

describe('compression is recognised by content', () => {
  test('plain', async () => expect((await content(file('a.gz', noise))).equals(noise)).toBe(true));
  test('gzip', async () => expect((await content(file('b.txt', gzipSync(noise)))).equals(noise)).toBe(true));
  test('gzip of several members', async () =>
    expect((await content(file('c', Buffer.concat([gzipSync('one '), gzipSync('two')])))).toString()).toBe('one two'));
  test('zstd', async () => {
    const text = (await content(file('d.csv', readFileSync(zstdFixture)))).toString();
    expect(text.length).toBe(8_813_234);
    expect(text.endsWith('==24363== \n')).toBe(true);
  });
  test('zstd of several frames, one of them to be skipped', async () => {
    const frame = readFileSync(zstdFixture);
    const skipped = Buffer.from([0x5a, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3]);
    expect((await content(file('e', Buffer.concat([skipped, frame, frame])))).length).toBe(2 * 8_813_234);
  });

  test.each([
    ['xz', [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00, 0x00], /x.xz: it is compressed with xz.*xz -d/],
    ['bzip2', [...Buffer.from('BZh91AY')], /bzip2 -d/],
    ['zip', [0x50, 0x4b, 0x03, 0x04, 0x14], /zip archive; unpack it/],
    ['sqlite', [...Buffer.from('SQLite format 3\0')], /SQLite database.*CSV/],
    ['perf', [...Buffer.from('PERFILE2h')], /perf script/],
  ])('%s is refused with what to do', async (_, magic, message) => {
    expect(await refusal(file('x.xz', Uint8Array.from(magic)))).toMatch(message);
  });
});

describe('damaged data', () => {
  const gz = gzipSync(noise);
  const zst = readFileSync(zstdFixture);

  test.each([11, 1000, gz.length - 9, gz.length - 1])('gzip cut at %i', async (at) => {
    expect(await refusal(file('cut.gz', gz.subarray(0, at)))).toBe(
      `cut.gz: the file is truncated: its gzip data ends at byte ${at}; copy or download it again`,
    );
  });

  test.each([5, 17, 1000, zst.length - 1])('zstd cut at %i', async (at) => {
    expect(await refusal(file('cut.zst', zst.subarray(0, at)))).toBe(
      `cut.zst: the file is truncated: its zstd data ends at byte ${at}; copy or download it again`,
    );
  });

  test('gzip with a flipped bit', async () => {
    const wrong = Uint8Array.from(gz);
    wrong[gz.length >> 1]! ^= 0x10;
    expect(await refusal(file('bad.gz', wrong))).toMatch(
      /^bad\.gz: its gzip data is damaged near byte \d+; copy or download it again$/,
    );
  });

  test('zstd with a destroyed block, and text after its end', async () => {
    const wrong = Uint8Array.from(zst);
    wrong.fill(0xff, 60_000, 60_100);
    expect(await refusal(file('bad.zst', wrong))).toMatch(/^bad\.zst: its zstd data is damaged near byte \d+/);
    expect(await refusal(file('tail.zst', Buffer.concat([zst, Buffer.from('and this is text, no frame')])))).toMatch(
      /damaged near byte/,
    );
  });

  test('a zstd window that would need much memory is refused before it is made', async () => {
    // Frame header: no single segment, window descriptor 20 << 3 = 2^30 bytes.
    expect(
      await refusal(
        file('long.zst', Uint8Array.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, 20 << 3, ...new Array<number>(30).fill(0)])),
      ),
    ).toMatch(/128 MiB.*--long=31/);
  });
});

describe('what is no readable file', () => {
  test('an empty file', async () =>
    expect(await refusal(file('none.csv', ''))).toBe('none.csv is empty; expected a workload file or a trace'));
  test('a directory', async () => {
    mkdirSync(join(folder, 'traces'));
    expect(await refusal(join(folder, 'traces'))).toMatch(/^traces cannot be read: it is a directory/);
  });
  test('a file that is not there', async () =>
    expect(await refusal(join(folder, 'gone.csv'))).toMatch(
      /^gone\.csv cannot be read: the file does not exist.*\(ENOENT\)$/,
    ));
  test('a path through a file', async () =>
    expect(await refusal(join(file('f', 'x'), 'y.csv'))).toMatch(/^y\.csv cannot be read: .*\(ENOTDIR\)$/));
  test.runIf(process.platform !== 'win32')('a device', async () =>
    expect(await refusal('/dev/zero')).toMatch(/^zero cannot be read: it is a pipe or a device/),
  );

  test.runIf(process.platform !== 'win32')('a file without permission', async () => {
    const path = file('secret.csv', 'x');
    chmodSync(path, 0o000);
    // Root may read everything; for this look it becomes nobody.
    const root = process.geteuid?.() === 0;
    if (root) process.seteuid?.(65_534);
    try {
      expect(await refusal(path)).toMatch(/^secret\.csv cannot be read: permission denied.*\(EACCES\)$/);
    } finally {
      if (root) process.seteuid?.(0);
    }
  });
});

test('a file that changed between two readings is refused', async () => {
  const path = file('log', 'one line\n'.repeat(100));
  const source = await openFileSource(path);
  truncateSync(path, 50);
  const chunks = source.chunks()[Symbol.asyncIterator]();
  await expect(chunks.next()).rejects.toThrow(/^log changed after it was opened/);
});

test('reading may stop early and begin again', async () => {
  for (const path of [file('g', gzipSync(noise)), zstdFixture, file('p', noise)]) {
    const source = await openFileSource(path);
    const firsts: Buffer[] = [];
    for (let time = 0; time < 3; time++)
      for await (const chunk of source.chunks()) {
        firsts.push(Buffer.from(chunk.subarray(0, 100)));
        break;
      }
    expect(firsts.length).toBe(3);
    expect(firsts[1]?.equals(firsts[0]!)).toBe(true);
    expect(firsts[2]?.equals(firsts[0]!)).toBe(true);
  }
});
