import { describe, expect, test } from 'vitest';
import { accessCsv } from '../../../src-core/importers/access-csv';
import { FindingCounter } from '../../../src-core/importers/shared/findings';
import { checkSpace, importText, replay } from './sources';

const MIB2 = 2_097_152;

/** Groups as text: step, kind, address, then size, count and stride. */
async function groups(text: string): Promise<readonly string[]> {
  const source = await importText(accessCsv, text);
  checkSpace(source);
  const replayed = await replay(source);
  expect(replayed.accesses).toBe(source.accesses);
  return replayed.groups.map(
    (group) =>
      `${group.step} ${['r', 'w', 'rw', 'a'][group.op] ?? '?'} ${group.object} 0x${group.address.toString(16)} ${group.bytes} ×${group.count} +${group.stride}`,
  );
}

const findings = async (text: string): Promise<readonly [string, number, number | undefined][]> =>
  (await importText(accessCsv, text)).findings().map((finding) => [finding.kind, finding.count, finding.place?.line]);

const why = async (rows: string, header = 'proc,op,address,bytes,count,stride'): Promise<string> => {
  const source = await importText(accessCsv, `${header}\ncpu,r,0x1000,8,1,8\n${rows}\ncpu,w,0x1000,8,1,8\n`);
  expect(source.accesses).toBe(2);
  const [bad] = source.findings();
  expect(bad).toMatchObject({ kind: 'csv-bad-row', severity: 'warning', place: { line: 3 } });
  return bad?.message ?? '';
};

describe('columns', () => {
  test.each([
    'Proc,Op,Address,Bytes',
    'device;rw;VADDR;size',
    'processor\taccess_type\tvirtual address\tlen',
    ' "proc" , "op" , "va" , "length" ',
    'proc,type,fault_address,width',
  ])('the header %j is understood', async (header) => {
    const delimiter = header.includes(';') ? ';' : header.includes('\t') ? '\t' : ',';
    expect(await groups(`${header}\n${['gpu0', 'r', '0x200000', '16'].join(delimiter)}\n`)).toEqual([
      'gpu0/1@1 r (unnamed 0x200000) 0x200000 16 ×1 +0',
    ]);
  });

  test('columns may come in any order, after comments, blank lines and a byte order mark', async () => {
    expect(
      await groups('\uFEFF# made by hand\n\nbytes,address,op,proc\n8,4096,w,cpu\n# between\n\n8,4104,w,cpu'),
    ).toEqual(['cpu/1@0 w (unnamed 0x0) 0x1000 8 ×1 +0', 'cpu/1@0 w (unnamed 0x0) 0x1008 8 ×1 +0']);
  });

  test.each([
    ['proc,op,adress,bytes', /lacks address \(or object and offset\).*"adress" looks like "address"/],
    ['proc,op,object,bytes', /lacks offset \(required with object\)/],
    ['op,address', /lacks proc, bytes/],
    ['cpu,r,0x1000,8', /lacks proc, op, address \(or object and offset\), bytes; it contains: cpu, r, 0x1000, 8/],
  ])('the header %j is refused with what it lacks', async (header, message) => {
    await expect(importText(accessCsv, `${header}\n1,2,3,4\n`)).rejects.toThrow(message);
    await expect(importText(accessCsv, `${header}\n1,2,3,4\n`)).rejects.toThrow(/^trace.txt, line 1: /);
  });

  test('columns without a meaning are named', async () => {
    const source = await importText(accessCsv, 'proc,op,address,bytes,thread,size\ncpu,r,0,8,3,4\n');
    expect(source.findings()).toMatchObject([{ kind: 'csv-column-ignored', severity: 'note' }]);
    expect(source.findings()[0]?.message).toContain('thread, size');
  });

  test('a header without rows is refused, and so are rows that are all bad, with the first of them', async () => {
    await expect(importText(accessCsv, 'proc,op,address,bytes\n')).rejects.toThrow(/a header but no rows/);
    await expect(importText(accessCsv, 'proc,op,address,bytes\nxpu,r,0,8\ncpu,r,0\n')).rejects.toThrow(
      /none of its 2 rows can be used; line 2: .*"xpu" is not a processor/,
    );
  });
});

describe('values', () => {
  test.each([
    ['r', 0],
    ['Read', 0],
    ['L', 0],
    ['load', 0],
    ['0', 0],
    ['w', 1],
    ['STORE', 1],
    ['S', 1],
    ['1', 1],
    ['rw', 2],
    ['M', 2],
    ['a', 3],
    ['atomic', 3],
  ])('op %s', async (op, code) => {
    const source = await importText(accessCsv, `proc,op,address,bytes\ncpu,${op},0,8\n`);
    expect((await replay(source)).groups[0]?.op).toBe(code);
  });

  test('processors', async () => {
    const source = await importText(
      accessCsv,
      'proc,op,address,bytes\nhost,r,0,8\nGPU,r,0,8\ngpu5,r,0,8\ndevice,r,0,8\n',
    );
    expect((await replay(source)).steps).toEqual(['cpu/1@0', 'gpu0/1@1', 'gpu5/1@6', 'gpu0/2@1']);
    expect(source.devices).toBe(6);
  });

  test.each([
    ['cpu,r,0x1000,8,1', /it has 5 columns, the header has 6/],
    ['cpu,r,0x1000,8,1,8,9', /it has 7 columns/],
    ['gpu6,r,0x1000,8,1,8', /"gpu6" is not a processor; expected cpu or gpu0 … gpu5/],
    ['cpu,x,0x1000,8,1,8', /"x" is not an access; expected r, w, rw or a/],
    ['cpu,r,0xfg,8,1,8', /address "0xfg" is not a whole number/],
    ['cpu,r,,8,1,8', /address is missing/],
    ['cpu,r,-4096,8,1,8', /address "-4096" is negative/],
    ['cpu,r,0x1000,-8,1,8', /bytes "-8" is negative/],
    ['cpu,r,0x1000,1.5,1,8', /bytes "1.5" is not a whole number/],
    ['cpu,r,0x1000,0,1,8', /bytes is 0/],
    ['cpu,r,0x1000,8,0,8', /count is 0/],
    ['cpu,r,0x1000,8,99999999999999999999,8', /count "99999999999999999999" is too large/],
    ['cpu,r,0x1000,8,1000,-8', /extend below address 0/],
    ['cpu,r,0x7fffffffffff,8,1,8', /beyond 2\^47/],
    ['cpu,r,0x1000,8,1000000000000000,8', /beyond 2\^47/],
    ['cpu,r,0x1000,8,10000000000000,8', /more than 4194304 blocks/],
    ['cpu,r,0x1000,8,1000000,33554432', /more than 65536 separate regions/],
    ['cpu,r,"0x1000,8,1,8', /quotation mark is not closed/],
    ['cpu,r,"0x1000"x,8,1,8', /text follows a closing quotation mark/],
  ])('the row %s is left out and the rest loads', async (row, message) => {
    expect(await why(row)).toMatch(message);
  });

  test('a bad row brings no object along', async () => {
    const source = await importText(accessCsv, 'proc,op,object,offset,bytes\ncpu,r,ghost,0,0\ncpu,r,A,0,8\n');
    expect(source.space.objects.map((object) => object.name)).toEqual(['A']);
  });

  test('each reason is a finding with its own count, first line and text', async () => {
    const rows = [
      'cpu,r,0,8',
      'fpga,r,0,8',
      'cpu,x,0,8',
      'npu,r,0,8',
      'cpu,r',
      'cpu,r,zero,8',
      'cpu,y,0,8',
      'cpu,r,0,1,2',
    ];
    const source = await importText(accessCsv, `proc,op,address,bytes\n${rows.join('\n')}\n`);
    const found = source.findings().map(({ kind, count, place, message }) => [kind, count, place?.line, message]);
    expect(found).toEqual([
      ['csv-bad-row', 2, 3, expect.stringContaining('"fpga" is not a processor')],
      ['csv-bad-row', 2, 4, expect.stringContaining('"x" is not an access')],
      ['csv-bad-row', 2, 6, expect.stringContaining('it has 2 columns, the header has 4')],
      ['csv-bad-row', 1, 7, expect.stringContaining('"zero" is not a whole number')],
    ]);
  });

  test('a file without one usable row is refused with every reason and the sum of its rows', async () => {
    const refusal = importText(accessCsv, 'proc,op,address,bytes\nfpga,r,0,8\ncpu,x,0,8\ncpu,y,0,8\n');
    await expect(refusal).rejects.toThrow(/none of its 3 rows can be used; line 2: .*"fpga"/);
    await expect(refusal).rejects.toMatchObject({ details: [{ count: 1 }, { count: 2 }] });
  });

  test('at most 16 reasons are told apart, and no row goes uncounted', () => {
    const counter = new FindingCounter();
    for (let round = 0; round < 2; round++)
      for (let reason = 0; reason < 40; reason++)
        counter.add('k', 'warning', () => `reason ${reason}.`, undefined, `${reason}`);
    counter.add('other', 'note', () => 'another kind');
    const list = counter.list();
    expect(list).toHaveLength(17);
    expect(list.slice(0, 15).every(({ count }) => count === 2)).toBe(true);
    expect(list[15]).toMatchObject({ count: 50, message: 'reason 15. Further reasons are also counted here.' });
  });

  test('10,000 bad rows are one finding', async () => {
    expect(await findings(`proc,op,address,bytes\ncpu,r,0,8\n${'cpu,r\n'.repeat(10_000)}`)).toEqual([
      ['csv-bad-row', 10_000, 3],
    ]);
  });
});

describe('hexadecimal columns', () => {
  test('letters anywhere make all numbers without 0x hexadecimal, also those before', async () => {
    const text = 'proc,op,address,bytes\ncpu,r,200000,16\ncpu,r,0x200010,16\ncpu,r,2000a0,16\n';
    expect(await groups(text)).toEqual([
      'cpu/1@0 r (unnamed 0x200000) 0x200000 16 ×1 +0',
      'cpu/1@0 r (unnamed 0x200000) 0x200010 16 ×1 +0',
      'cpu/1@0 r (unnamed 0x200000) 0x2000a0 16 ×1 +0',
    ]);
    expect(await findings(text)).toEqual([['csv-hex-column', 1, 1]]);
  });

  test('without letters they are decimal; 0x counts for its own row', async () => {
    expect(await groups('proc,op,address,bytes\ncpu,r,4096,16\ncpu,r,0xff0,16\n')).toEqual([
      'cpu/1@0 r (unnamed 0x0) 0x1000 16 ×1 +0',
      'cpu/1@0 r (unnamed 0x0) 0xff0 16 ×1 +0',
    ]);
  });

  test('what is no number in either base does not decide', async () => {
    expect(await findings('proc,op,address,bytes\ncpu,r,ff0,16\ncpu,r,oops,16\n')).toEqual([
      ['csv-bad-row', 1, 3],
      ['csv-hex-column', 1, 1],
    ]);
  });

  test('offsets decide for themselves', async () => {
    expect(await groups('proc,op,object,offset,bytes\ncpu,r,A,10,8\ncpu,r,A,1a,8\n')).toEqual([
      'cpu/1@0 r A 0x7f0000000010 8 ×1 +0',
      'cpu/1@0 r A 0x7f000000001a 8 ×1 +0',
    ]);
  });
});

describe('space', () => {
  test('objects lie on 2 MiB boundaries in order of first appearance', async () => {
    const source = await importText(
      accessCsv,
      'proc,op,object,offset,bytes,count\ncpu,w,B,0,1,2097153\ncpu,w,A,8,8,1\ncpu,r,B,0,1,1\n',
    );
    expect(source.space.objects.map(({ name, address, bytes, offset }) => [name, address, bytes, offset])).toEqual([
      ['B', 0x7f0000000000, MIB2 + 1, 0],
      ['A', 0x7f0000400000, 16, 2 * MIB2],
    ]);
    expect(source.space.bytes).toBe(3 * MIB2);
  });

  test('addresses are kept; each region of touched blocks is an object', async () => {
    const source = await importText(accessCsv, 'proc,op,address,bytes\ncpu,w,0x3fffff,2\ncpu,w,0x10000000,8\n');
    expect(source.space.regions).toEqual([
      { address: 0x200000, offset: 0, bytes: 2 * MIB2 },
      { address: 0x10000000, offset: 2 * MIB2, bytes: MIB2 },
    ]);
    expect(source.space.objects.map((object) => object.name)).toEqual(['(unnamed 0x200000)', '(unnamed 0x10000000)']);
  });

  test('names whose addresses interleave are dropped, with a finding', async () => {
    const text =
      'proc,op,address,bytes,object,count,stride\ncpu,w,0,8,even,10,16\ncpu,w,8,8,odd,10,16\ncpu,w,0x400000,8,far,1,8\n';
    const source = await importText(accessCsv, text);
    expect(source.space.objects.map((object) => object.name)).toEqual([
      'even',
      '(unnamed 0x98)',
      'far',
      '(unnamed 0x400008)',
    ]);
    expect(source.findings()).toMatchObject([{ kind: 'csv-object-overlap', count: 1 }]);
    expect((await replay(source)).accesses).toBe(21);
  });

  test('more than 8 TiB is refused with advice', async () => {
    await expect(
      importText(accessCsv, 'proc,op,object,offset,bytes\ncpu,r,A,5000000000000,8\ncpu,r,B,5000000000000,8\n'),
    ).rejects.toThrow(/span .*\(8 TiB\)/);
    const twice = 'cpu,r,0x10000000000,1,5000000000000,1\ncpu,r,0x600000000000,1,5000000000000,1\n';
    await expect(importText(accessCsv, `proc,op,address,bytes,count,stride\n${twice}`)).rejects.toThrow(
      /more than 4,194,304 blocks of 2 MiB/,
    );
  });

  test('more than 1 TiB of objects is laid out lower', async () => {
    const source = await importText(accessCsv, 'proc,op,object,offset,bytes\ncpu,r,A,2000000000000,8\n');
    checkSpace(source);
    expect(source.space.objects[0]!.address + source.space.bytes).toBe(2 ** 47);
  });
});

describe('runs', () => {
  test('10^12 accesses stay one group', async () => {
    const [group, ...rest] = await groups('proc,op,object,offset,bytes,count,stride\ngpu0,a,A,0,8,1000000000000,0\n');
    expect(group).toBe('gpu0/1@1 a A 0x7f0000000000 8 ×1000000000000 +0');
    expect(rest).toEqual([]);
  });

  test('the number of accesses is unknown where it is beyond exact counting', async () => {
    const row = 'gpu0,r,A,0,8,9007199254740991,0\n';
    const source = await importText(accessCsv, `proc,op,object,offset,bytes,count,stride\n${row}${row}`);
    expect(source.accesses).toBeNull();
  });

  test('small leaps keep the blocks between in the region, wide leaps become single accesses', async () => {
    const source = await importText(
      accessCsv,
      `proc,op,address,bytes,count,stride\ncpu,r,0,8,3,${8 * MIB2}\ncpu,r,0x100000000,8,3,${64 * MIB2}\n`,
    );
    checkSpace(source);
    expect(source.space.regions.map((region) => region.bytes / MIB2)).toEqual([17, 1, 1, 1]);
    const { groups: replayed } = await replay(source);
    expect(replayed.map((group) => [group.address, group.count])).toEqual([
      [0, 3],
      [0x100000000, 1],
      [0x100000000 + 64 * MIB2, 1],
      [0x100000000 + 128 * MIB2, 1],
    ]);
  });

  test('leaps over more groups than a batch holds go on in the next batch', async () => {
    const source = await importText(
      accessCsv,
      `proc,op,address,bytes,count,stride\ncpu,r,0x600000000000,8,10000,-${16 * MIB2}\ngpu0,r,0,8,1,8\n`,
    );
    const replayed = await replay(source);
    expect(replayed.accesses).toBe(10_001);
    expect(replayed.groups.slice(0, 10_000).every((group, i) => group.address === 0x600000000000 - i * 16 * MIB2)).toBe(
      true,
    );
    expect(replayed.steps).toEqual(['cpu/1@0', 'gpu0/1@1']);
  });
});

describe('times', () => {
  const timed = (header: string, ...rows: readonly string[]): string =>
    `${header},proc,op,address,bytes\n${rows.map((row) => `${row},8\n`).join('')}`;

  test('become instants from 0, only where they change', async () => {
    const replayed = await replay(
      await importText(accessCsv, timed('time_ns', '100,cpu,r,0', '100,cpu,r,8', '150,gpu0,r,16', '150.025,gpu0,r,24')),
    );
    expect(replayed.instants).toEqual([0, 50_000, 50_025]);
    expect(replayed.steps).toEqual(['cpu/1@0', 'gpu0/1@1']);
  });

  test('out of order they are sorted, rows of one time in the order of the file', async () => {
    const source = await importText(
      accessCsv,
      timed('time_ns', '30,cpu,r,0', '10,gpu0,r,8', '20,cpu,r,16', '10,gpu0,r,24', '20,cpu,r,32'),
    );
    const replayed = await replay(source);
    expect(replayed.groups.map((group) => group.address)).toEqual([8, 24, 16, 32, 0]);
    expect(replayed.instants).toEqual([0, 10_000, 20_000]);
    expect(source.findings().map((finding) => finding.kind)).toEqual(['csv-unsorted']);
    expect(await replay(source)).toEqual(replayed);
  });

  test('nanoseconds since 1970 keep their last digit', async () => {
    const replayed = await replay(
      await importText(accessCsv, timed('timestamp_ns', '1763852400999999999,cpu,r,0', '1763852401000000001,cpu,r,8')),
    );
    expect(replayed.instants).toEqual([0, 2000]);
  });

  test.each([
    ['time', 'warning', 1000],
    ['ts_us', 'note', 1_000_000],
    ['Time (ms)', 'note', 1_000_000_000],
  ])('the unit of %s', async (header, severity, unitPs) => {
    const source = await importText(accessCsv, timed(header, '1,cpu,r,0', '2,cpu,r,8'));
    expect(source.findings()).toMatchObject([{ kind: 'csv-time-unit', severity }]);
    expect((await replay(source)).instants).toEqual([0, unitPs]);
  });

  test('a row without a time is bad', async () => {
    expect(await findings(timed('time_ns', '1,cpu,r,0', ',cpu,r,0', '-1,cpu,r,0', '1e3,cpu,r,0'))).toEqual([
      ['csv-bad-row', 1, 3],
      ['csv-bad-row', 2, 4],
    ]);
  });

  test('a span that no run can hold keeps the order and drops the times', async () => {
    const source = await importText(accessCsv, timed('time_s', '0,cpu,r,0', '10000,cpu,r,8'));
    expect((await replay(source)).instants).toEqual([]);
    expect(source.findings().map((finding) => finding.kind)).toEqual(['csv-time-unit', 'csv-time-span']);
  });
});
