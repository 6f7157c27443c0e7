import { gunzipSync } from 'node:zlib';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { createBatch } from '../../../src-core/contracts/access-stream';
import { lackey } from '../../../src-core/importers/lackey';
import { openFileSource } from '../../../src-main/io/file-source';
import { checkSpace, context, importText, memorySource, replay, tally, type Replayed } from './sources';

const SYMBOLS = '1000\t1100\tapp\tmain\n2000\t2100\tlib\tkernel\n3000\t3100\tlib\thelper\n4000\t4100\tlib\tkernel_b\n';

/** A program: `I address,size` lines are written as `i`, calls and returns with their stack slots. */
const program = (...lines: readonly string[]): string => `${lines.join('\n')}\n`;

async function run(
  text: string,
  options = {},
  files: Record<string, string> = { symbols: SYMBOLS },
): Promise<Replayed & { findings: readonly string[] }> {
  const source = await importText(lackey, text, options, files);
  checkSpace(source);
  return { ...(await replay(source)), findings: source.findings().map((finding) => finding.kind) };
}

const hex = (replayed: Replayed): readonly string[] =>
  replayed.groups.map(
    (group) =>
      `${group.step} ${['r', 'w', 'm'][group.op] ?? '?'} ${group.address.toString(16)}${group.count > 1 ? ` ×${group.count} +${group.stride}` : ''}`,
  );

/** Every access in order, as text. */
const expanded = (replayed: Replayed): readonly string[] =>
  replayed.groups.flatMap((group) =>
    Array.from(
      { length: group.count },
      (_, i) => `${'LSM'[group.op] ?? '?'} ${(group.address + i * group.stride).toString(16)},${group.bytes}`,
    ),
  );

describe('the real matmul trace, n = 32', () => {
  const folder = 'test/fixtures/lackey';
  const open = async (): ReturnType<typeof lackey.prepare> =>
    lackey.prepare(
      await openFileSource(`${folder}/matmul-n32.lackey.zst`),
      context(
        { deviceFunctions: 'my_dgemm' },
        {
          symbols: await openFileSource(`${folder}/matmul.syms.tsv`),
          allocations: await openFileSource(`${folder}/matmul-n32.alloc.txt`),
        },
      ),
    );

  test('the device reads B n³ times, reads and writes C n³ times, and reads A n³/16 times', async () => {
    const source = await open();
    checkSpace(source);
    const replayed = await replay(source);
    const sums = tally(replayed);
    expect(replayed.steps).toEqual(['host/1@0', 'my_dgemm/1@1', 'main/1@0']);
    expect(sums).toMatchObject({
      'gpu B read': 32_768,
      'gpu C read': 32_768,
      'gpu C write': 32_768,
      'gpu A read': 2048,
    });
    expect(
      Object.keys(sums)
        .filter((key) => /^gpu [ABCxy] /.test(key))
        .sort(),
    ).toEqual(['gpu A read', 'gpu B read', 'gpu C read', 'gpu C write']);
    expect(sums).toMatchObject({ 'cpu B write': 1024, 'cpu C write': 8192 });
    expect(source.accesses).toBe(158_806);
    expect(replayed.accesses).toBe(158_806);
    // malloc packs the arrays of 8 KiB, so a granule holds several.
    expect(source.findings()).toMatchObject([{ kind: 'trace-shared-granules', severity: 'note', count: 1 }]);
    const named = source.space.objects.filter((object) => !object.name.startsWith('('));
    expect(named.map((object) => [object.name, object.address, object.bytes])).toEqual([
      ['A', 0x40352a0, 8192],
      ['B', 0x40372b0, 8192],
      ['C', 0x40392c0, 8192],
      ['x', 0x403b2d0, 256],
      ['y', 0x403b3e0, 256],
    ]);
    expect(source.space.objects.map((object) => object.name)).toContain('(between A and B)');
  });

  test('is synchronous but for the borders of blocks', async () => {
    const stream = (await open()).open();
    const batch = createBatch();
    let waits = 0;
    let batches = 0;
    while (true) {
      const answer = stream.next(batch);
      const item = answer instanceof Promise ? (waits++, await answer) : answer;
      if (item.kind === 'end') break;
      if (item.kind === 'accesses') batches++;
    }
    expect(stream.progress()).toBe(1);
    expect(batches).toBeGreaterThan(30);
    // 8.8 MB in zstd blocks of 128 KiB.
    expect(waits).toBeLessThan(75);
  });
});

describe('records', () => {
  test('run-length groups repeat every record, in order', async () => {
    const text = gunzipSync(readFileSync('test/fixtures/imports/lackey/dgemm-plt-n4.lackey.gz')).toString();
    const slow = [...text.matchAll(/^ ([LSM]) ([0-9a-f]+),(\d+)$/gm)].map(
      ([, kind, address, bytes]) => `${kind} ${parseInt(address!, 16).toString(16)},${bytes}`,
    );
    const replayed = await run(text, {}, {});
    expect(slow.length).toBeGreaterThan(1000);
    expect(expanded(replayed)).toEqual(slow);
    expect(replayed.groups.length).toBeLessThan(slow.length * 0.7);
  });

  test('one kind, size and object with a constant stride is one group', async () => {
    const up = Array.from({ length: 100 }, (_, i) => ` L ${(0x5000000 + 8 * i).toString(16)},8`);
    const down = Array.from({ length: 100 }, (_, i) => ` S ${(0x5000800 - 8 * i).toString(16)},8`);
    const same = Array.from({ length: 100 }, () => ' M 05000000,4');
    expect(hex(await run(program(...up, ...down, ...same), {}, {}))).toEqual([
      'host/1@0 r 5000000 ×100 +8',
      'host/1@0 w 5000800 ×100 +-8',
      'host/1@0 m 5000000 ×100 +0',
    ]);
  });

  test('what looks almost like a record is passed over and counted once, with its line', async () => {
    const source = await importText(
      lackey,
      ' L 05000000,8\nI 401000,3\n L 0500000g,8\n L 05000000,\n L 05000000,0\n L ,8\n L 05000000,8 \n X 05000000,8\n L 05000000,99999999\n==9== fine\n--9-- fine\n**9** fine\n==x== not\n L 00000000000000000,8\n S 05000008,8',
    );
    expect(source.accesses).toBe(2);
    expect(source.findings()).toMatchObject([
      { kind: 'lackey-other-line', count: 10, place: { file: 'trace.txt', line: 2 } },
    ]);
    expect(source.findings()[0]?.message).toContain('"I 401000,3"');
  });

  test('an access over a block border stays one record, and both blocks are in the space', async () => {
    const source = await importText(lackey, ' L 051ffffc,8\n');
    expect(source.space.regions).toEqual([{ address: 0x5000000, offset: 0, bytes: 4_194_304 }]);
    expect(hex(await replay(source))).toEqual(['host/1@0 r 51ffffc']);
  });

  test('instruction fetches count only when asked for, and code at the top of the address space never', async () => {
    const text = 'I  00401000,4\n S 05000000,8\nI  ffffffffff600000,3\nI  00401004,4\n';
    expect((await importText(lackey, text)).accesses).toBe(1);
    const source = await importText(lackey, text, { instructions: true });
    expect(hex(await replay(source))).toEqual(['host/1@0 r 401000', 'host/1@0 w 5000000', 'host/1@0 r 401004']);
    expect(source.accesses).toBe(3);
  });

  test('a file without accesses is refused with the command that makes one', async () => {
    await expect(importText(lackey, 'I  00401000,4\n')).rejects.toThrow(
      /^trace.txt: no memory access in 1 lines; .*--trace-mem=yes/,
    );
  });
});

describe('device regions', () => {
  const host = ' S 06000000,8';
  const call = (from: string, slot: string): readonly string[] => [`I  ${from},5`, ` S ${slot},8`];
  const back = (from: string, slot: string): readonly string[] => [`I  ${from},1`, ` L ${slot},8`];

  test('end at the return of the call, callees included, wherever they lie', async () => {
    const replayed = await run(
      program(
        'I  00001000,4',
        host,
        ...call('00001004', '1fff000100'),
        'I  00002000,4',
        ' L 07000000,8',
        ...call('00002004', '1fff0000f0'),
        'I  00003000,4',
        ' L 08000000,8',
        ...back('00003004', '1fff0000f0'),
        'I  00002009,4',
        ' S 07000008,8',
        ...back('0000200d', '1fff000100'),
        'I  00001009,4',
        ' L 06000000,8',
      ),
      { deviceFunctions: 'kernel' },
    );
    expect(hex(replayed)).toEqual([
      'main/1@0 w 6000000',
      'main/1@0 w 1fff000100',
      'kernel/1@1 r 7000000',
      'kernel/1@1 w 1fff0000f0',
      'kernel/1@1 r 8000000',
      'kernel/1@1 r 1fff0000f0',
      'kernel/1@1 w 7000008',
      'kernel/1@1 r 1fff000100',
      'main/2@0 r 6000000',
    ]);
    expect(replayed.findings).toEqual([]);
  });

  test('each call is a step with its number; a device function called by another is part of it', async () => {
    const once = [
      ...call('00001004', '1fff000100'),
      'I  00002000,4',
      ...call('00002004', '1fff0000f0'),
      'I  00004000,1',
      ' L 07000000,8',
      ...back('00004001', '1fff0000f0'),
      ...back('00002009', '1fff000100'),
      'I  00001009,4',
    ];
    const other = [...call('0000100d', '1fff000100'), ...back('00004000', '1fff000100'), 'I  00001012,4', host];
    const replayed = await run(program('I  00001000,4', host, ...once, host, 'I  00001000,4', ...once, ...other), {
      deviceFunctions: 'kernel, kernel_b',
    });
    expect(replayed.steps).toEqual([
      'main/1@0',
      'kernel/1@1',
      'main/2@0',
      'kernel/2@1',
      'main/3@0',
      'kernel_b/1@1',
      'main/4@0',
    ]);
  });

  test('a read of the return address by the function itself does not end it', async () => {
    const replayed = await run(
      program(
        ...call('00001004', '1fff000100'),
        'I  00002000,4',
        ' L 1fff000100,8',
        'I  00002004,4',
        ' L 07000000,8',
        ...back('00002008', '1fff000100'),
        'I  00001009,4',
        host,
      ),
      { deviceFunctions: 'kernel' },
    );
    expect(hex(replayed).slice(1, 4)).toEqual([
      'kernel/1@1 r 1fff000100',
      'kernel/1@1 r 7000000',
      'kernel/1@1 r 1fff000100',
    ]);
  });

  test('a tail call keeps the slot of the call before it', async () => {
    const replayed = await run(
      program(
        ...call('00001004', '1fff000100'),
        'I  00003000,4',
        ' L 06000008,8',
        'I  00003004,5',
        'I  00002000,4',
        ' L 07000000,8',
        ...back('00002004', '1fff000100'),
        'I  00001009,4',
        host,
      ),
      { deviceFunctions: 'kernel' },
    );
    expect(replayed.steps).toEqual(['main/1@0', 'kernel/1@1', 'main/2@0']);
  });

  test('a repeated string store is no call', async () => {
    const replayed = await run(
      program(
        ...call('00001004', '1fff000100'),
        'I  00002000,4',
        'I  00002004,3',
        ' S 07000000,8',
        'I  00002004,3',
        ' S 07000008,8',
        'I  00002004,3',
        ...back('00002007', '1fff000100'),
        'I  00001009,4',
        host,
      ),
      { deviceFunctions: 'kernel' },
    );
    expect(replayed.steps).toEqual(['main/1@0', 'kernel/1@1', 'main/2@0']);
  });

  test('without a call in the trace only the function itself counts, and that is said', async () => {
    const replayed = await run(program('I  00002000,4', ' L 07000000,8', 'I  00003000,4', ' L 08000000,8'), {
      deviceFunctions: 'kernel',
    });
    expect(hex(replayed)).toEqual(['kernel/1@1 r 7000000', 'helper/1@0 r 8000000']);
    expect(replayed.findings).toEqual(['lackey-no-call']);
  });

  test('a trace that ends inside, and a function that never began, are findings', async () => {
    const replayed = await run(program(...call('00001004', '1fff000100'), 'I  00002000,4', ' L 07000000,8'), {
      deviceFunctions: 'kernel,kernel_b',
    });
    expect(replayed.findings).toEqual(['lackey-function-not-entered', 'lackey-ends-in-function']);
  });

  test('an unknown name is refused with the nearest ones', async () => {
    const wrong = importText(lackey, ' L 05000000,8\n', { deviceFunctions: 'kernal' }, { symbols: SYMBOLS });
    await expect(wrong).rejects.toThrow(/"kernal" is not in the symbol table \(4 functions; nearest: kernel/);
  });

  test('names without symbols are refused with the recipe', async () => {
    await expect(importText(lackey, ' L 05000000,8\n', { deviceFunctions: 'kernel' })).rejects.toThrow(
      /--symbols FILE.*nm -S --defined-only PROGRAM/,
    );
  });

  test('names with brackets keep their commas', async () => {
    const wrong = importText(
      lackey,
      ' L 05000000,8\n',
      { deviceFunctions: 'f(int, int), g' },
      { symbols: '10\t20\tapp\tf(int, int)\n' },
    );
    await expect(wrong).rejects.toThrow(/"g" is not in the symbol table/);
  });
});

describe('tables', () => {
  const trace = ' L 05000000,8\n L 05001000,8\n L 05002000,8\n L 09000000,8\n';
  const names = async (files: Record<string, string>, text = trace): Promise<readonly string[]> =>
    (await importText(lackey, text, {}, files)).space.objects.map(
      (object) => `${object.name} ${object.address.toString(16)}+${object.bytes}`,
    );

  test('allocations become objects, what lies between is unnamed, and equal names get numbers', async () => {
    const allocations =
      'noise\nALLOC grid 0x5000000 4096\nALLOC grid 0x5001010 4080\nALLOC two words 83894272 16\n0.3s\n';
    const text = ' L 05000000,8\n L 05001000,8\n L 05002000,8\n L 05003000,8\n L 09000000,8\n';
    expect(await names({ allocations }, text)).toEqual([
      'grid 5000000+4096',
      '(between grid and grid#2) 5001000+16',
      'grid#2 5001010+4080',
      'two words 5002000+16',
      '(unnamed 0x5002010) 5002010+2088944',
      '(unnamed 0x9000000) 9000000+2097152',
    ]);
  });

  test('an allocation without accesses is still an object', async () => {
    expect(await names({ allocations: 'ALLOC idle 0x20000000 3145728\n' })).toEqual([
      '(unnamed 0x5000000) 5000000+2097152',
      '(unnamed 0x9000000) 9000000+2097152',
      'idle 20000000+3145728',
    ]);
  });

  test('bad rows and overlaps are counted, the first allocation keeps the memory', async () => {
    const allocations =
      'ALLOC a 0x5000000 4096\nALLOC b (nil) 8\nALLOC c 0x5000000\nALLOC d 0x5000800 4096\nALLOC e 0x5001000 0\nALLOC f 0x4fff000 8192\n';
    const source = await importText(lackey, trace, {}, { allocations });
    expect(source.findings().map((finding) => [finding.kind, finding.count, finding.place?.line])).toEqual([
      ['allocations-bad-row', 3, 2],
      ['allocations-overlap', 2, undefined],
    ]);
    expect(source.space.objects.map((object) => object.name)).toEqual([
      'a',
      '(unnamed 0x5001000)',
      '(unnamed 0x9000000)',
    ]);
    checkSpace(source);
  });

  test('named objects in one 64 KiB granule are noted, those further apart are not', async () => {
    const kinds = async (allocations: string): Promise<readonly (readonly [string, string])[]> =>
      (await importText(lackey, trace, {}, { allocations }))
        .findings()
        .map(({ kind, message }) => [kind, message] as const);
    expect(await kinds('ALLOC a 0x5000000 65536\nALLOC b 0x5010000 8\n')).toEqual([]);
    expect(await kinds('ALLOC a 0x5000000 65537\nALLOC b 0x5011000 8\nALLOC c 0x5020000 8\n')).toEqual([
      ['trace-shared-granules', expect.stringMatching(/^2 named objects .*\(3 share 2 MiB blocks\).*"a" and "b"/)],
    ]);
  });

  test('a list without any allocation is a finding', async () => {
    const source = await importText(lackey, trace, {}, { allocations: 'hello\n' });
    expect(source.findings().map((finding) => finding.kind)).toEqual(['allocations-empty']);
  });

  test('symbols may be what nm -S prints; bad rows are counted with their line', async () => {
    const symbols =
      '# comment\n0000000000002000 0000000000000100 T kernel\n0000000000002100 T no_size\n                 U puts\n0x3000\t0x2000\tapp\tbackwards\nrubbish\n';
    const source = await importText(lackey, trace, { deviceFunctions: 'kernel' }, { symbols });
    expect(source.findings().map((finding) => [finding.kind, finding.count, finding.place?.line])).toEqual([
      ['symbols-bad-row', 2, 5],
      ['lackey-function-not-entered', 1, undefined],
    ]);
  });

  test('a symbol table without symbols is refused', async () => {
    await expect(importText(lackey, trace, {}, { symbols: 'PNG\n' })).rejects.toThrow(
      /^symbols.txt: it contains no symbols; expected/,
    );
  });
});

describe('bounds', () => {
  test('accesses all over the address space are joined into few regions, or refused', async () => {
    const scattered = (count: number, step: number): string =>
      Array.from({ length: count }, (_, i) => ` L ${(0x10000000 + i * step).toString(16).padStart(8, '0')},8`).join(
        '\n',
      );
    const source = await importText(lackey, scattered(20_000, 4 * 2_097_152));
    expect(source.space.regions.length).toBe(1);
    expect(source.findings().map((finding) => finding.kind)).toEqual(['trace-gaps-joined']);
    checkSpace(source);
    await expect(importText(lackey, scattered(20_000, 3000 * 2_097_152))).rejects.toThrow(
      /more than 16,384 separate regions/,
    );
  });

  test('cancelling in the middle stops the first pass', async () => {
    let asked = 0;
    const prepared = lackey.prepare(
      memorySource('x', ' L 05000000,8\n'.repeat(10_000), 1000),
      context({}, {}, { cancelled: () => ++asked > 5 }),
    );
    await expect(prepared).rejects.toThrow(/^cancelled$/);
    expect(asked).toBe(6);
  });

  test('progress goes up to the end', async () => {
    const seen: number[] = [];
    await lackey.prepare(
      memorySource('x', ' L 05000000,8\n'.repeat(100_000)),
      context({}, {}, { progress: (fraction) => seen.push(fraction ?? -1) }),
    );
    expect(seen.length).toBeGreaterThan(3);
    expect(seen).toEqual([...seen].sort((a, b) => a - b));
    expect(seen.at(-1)).toBe(1);
  });
});
