/** Knobs as configuration files of the real machine: what is written is read back, and what people write is read as the kernel reads it. */
import { describe, expect, it } from 'vitest';
import { randomStream } from '../../../src-core/base/random';
import { knobParams, type KnobParam } from '../../../src-core/contracts/knobs';
import type { ParamValues } from '../../../src-core/contracts/params';
import { exportKnobs, importKnobs, knobFormats } from '../../../src-core/exporters/knobs';
import { kernelInteger } from '../../../src-core/exporters/knobs/values';
import { wordInFile, type KnobValue } from '../../../src-core/model/knob';
import { memorySystems } from '../../../src-core/systems';

const systemOf = (id: string) => memorySystems.find((entry) => entry.id === id)!;
const uvm = systemOf('nvidia-uvm');
const full = (entry: (typeof memorySystems)[number], params: ParamValues = {}): ParamValues => {
  const parsed = entry.parse(params);
  if (!parsed.ok) throw new Error(parsed.error);
  return parsed.value;
};
const read = (text: string, id = 'nvidia-uvm', name = 'test.conf') => importKnobs([{ name, text }], systemOf(id));
const found = (text: string, id?: string, name?: string): string[] =>
  read(text, id, name).findings.map(
    ({ severity, message, place }) => `${place?.line}:${place?.column} ${severity}: ${message}`,
  );

const withKnobs = memorySystems.filter((entry) => knobParams(entry).length > 0);

/** A value of the parameter, ends of the range more often than the middle. */
function draw(param: KnobParam, below: (limit: number) => number): KnobValue {
  if (param.type === 'boolean') return below(2) === 0;
  if (param.type === 'choice') return param.values![below(param.values!.length)]!;
  const { min = 0, max = 0 } = param;
  const span = Math.min(max - min, 2 ** 31);
  return [min, max, min + below(span + 1), param.initial as number][below(4)]!;
}

describe.each(withKnobs.map((entry) => [entry.id, entry] as const))('knobs of %s', (_id, entry) => {
  const below = (() => {
    const random = randomStream(1, entry.id);
    return (limit: number) => random.below(limit);
  })();
  const sets = Array.from({ length: 40 }, () =>
    full(entry, Object.fromEntries(knobParams(entry).map((param) => [param.name, draw(param, below)]))),
  );

  it.each([true, false])('come back exactly from every kind of file, all: %s', (all) => {
    for (const params of sets) {
      const { files, left } = exportKnobs(entry, params, all);
      for (const file of files) {
        const { params: back, findings, unknown } = importKnobs([{ name: file.path, text: file.text }], entry);
        expect({ findings, unknown }).toEqual({ findings: [], unknown: [] });
        const held = knobParams(entry).filter(({ knob }) => file.holds.includes(knob.name));
        expect(back).toEqual(Object.fromEntries(held.map(({ name }) => [name, params[name]])));
      }
      // The .d files together hold everything that is not left out with a reason.
      const sources = files.filter(({ format }) => format !== 'cmdline');
      const together = importKnobs(
        sources.map(({ path, text }) => ({ name: path, text })),
        entry,
      );
      const lost = knobParams(entry).filter(({ knob }) => left.some(({ name }) => name === knob.name));
      expect({ ...full(entry), ...together.params }).toEqual({
        ...params,
        ...Object.fromEntries(lost.map(({ name, initial }) => [name, initial])),
      });
    }
  });

  it('are written where they are set, and what is in no driver is left out with the reason', () => {
    const { files, left } = exportKnobs(entry, full(entry), true);
    for (const { knob } of knobParams(entry)) {
      const holders = files.filter(({ holds }) => holds.includes(knob.name)).map(({ format }) => format);
      const isReal = !['build', 'what-if', 'GPGPU-Sim option'].includes(knob.where);
      expect(left.some(({ name }) => name === knob.name)).toBe(!isReal);
      expect(holders.length > 0).toBe(isReal);
      if (knob.where.endsWith(' module')) expect(holders).toEqual(['modprobe', 'cmdline']);
      if (knob.where === 'sysctl') expect(holders).toEqual(['sysctl', 'cmdline']);
      if (knob.where === 'sysfs') expect(holders[0]).toBe('tmpfiles');
    }
  });
});

describe('the files', () => {
  it('of a module hold what differs, each with its meaning, default and source', () => {
    const params = full(uvm, {
      uvm_perf_prefetch_threshold: 75,
      uvm_perf_fault_replay_policy: 'once',
      eviction_order: 'accessed',
    });
    const { files, left } = exportKnobs(uvm, params, false);
    expect(files.map(({ format, path, text }) => ({ format, path, text }))).toEqual([
      {
        format: 'modprobe',
        path: '/etc/modprobe.d/faultline.conf',
        text: `# Faultline, memory system nvidia-uvm: knobs that differ from their defaults.
# Takes effect the next time the module is loaded.

# Prefetch threshold, %; default 51 (uvm_perf_prefetch.c:42, 552-561, driver 595.45.04)
options nvidia-uvm uvm_perf_prefetch_threshold=75

# Replay policy; default 2 (uvm_gpu_replayable_faults.c:80-84; .h:35-46, driver 595.45.04)
options nvidia-uvm uvm_perf_fault_replay_policy=3
`,
      },
      {
        format: 'cmdline',
        path: '/etc/default/grub (GRUB_CMDLINE_LINUX)',
        text: 'nvidia_uvm.uvm_perf_prefetch_threshold=75 nvidia_uvm.uvm_perf_fault_replay_policy=3\n',
      },
    ]);
    expect(left).toEqual([{ name: 'eviction_order', value: 'accessed', why: 'it exists only in Faultline' }]);
  });

  it('of tiering are a sysctl.d, a tmpfiles.d and words of the kernel command line', () => {
    const entry = systemOf('tiering');
    const params = full(entry, { promotion: false, demotion: false, promoteRateMbps: 100, thp: 'always' });
    const { files } = exportKnobs(entry, params, false);
    const lines = (id: string): string[] =>
      files
        .find(({ format }) => format === id)!
        .text.split('\n')
        .filter((line) => line !== '' && !line.startsWith('#'));
    expect(lines('sysctl')).toEqual([
      'kernel.numa_balancing = 0',
      'kernel.numa_balancing_promote_rate_limit_MBps = 100',
    ]);
    expect(lines('tmpfiles')).toEqual([
      'w /sys/kernel/mm/transparent_hugepage/enabled - - - - always',
      'w /sys/kernel/mm/numa/demotion_enabled - - - - false',
    ]);
    expect(lines('cmdline')).toEqual([
      'transparent_hugepage=always sysctl.kernel.numa_balancing=0 sysctl.kernel.numa_balancing_promote_rate_limit_MBps=100',
    ]);
  });

  it('of nothing that differs are none', () => {
    expect(exportKnobs(uvm, full(uvm), false)).toEqual({ files: [], left: [] });
  });
});

describe('modprobe.d', () => {
  it('is read with comments, joined lines, quotes, dashes, both spellings of a module, and several values on a line', () => {
    const text = `# ours
options nvidia-uvm uvm_perf_prefetch_threshold=0x4b  uvm_perf_fault_coalesce="0"
options nvidia_uvm \\
   uvm-perf-prefetch-min-faults=010
options nvidia-uvm uvm_disable_hmm
`;
    expect(read(text)).toEqual({
      params: {
        uvm_perf_prefetch_threshold: 75,
        uvm_perf_fault_coalesce: false,
        uvm_perf_prefetch_min_faults: 8,
        uvm_disable_hmm: true,
      },
      findings: [],
      unknown: [],
    });
  });

  it('lists unknown options, wherever they stand, and ignores other commands', () => {
    const text = `blacklist nouveau
options nvidia NVreg_EnableGpuFirmware=0
options nvidia-uvm uvm_perf_prefetch_treshold=75 uvm_perf_prefetch_threshold=60
`;
    const { params, unknown, findings } = read(text);
    expect(params).toEqual({ uvm_perf_prefetch_threshold: 60 });
    expect(unknown).toEqual([
      { name: 'nvidia NVreg_EnableGpuFirmware', text: '0', place: { file: 'test.conf', line: 2, column: 16 } },
      { name: 'nvidia-uvm uvm_perf_prefetch_treshold', text: '75', place: { file: 'test.conf', line: 3, column: 20 } },
    ]);
    expect(findings).toMatchObject([{ kind: 'knob-other-command', severity: 'note', place: { line: 1, column: 1 } }]);
  });

  it.each([
    [
      'option nvidia-uvm uvm_perf_prefetch_threshold=75',
      '1:1 error: "option" is not a command of modprobe.d; expected "options MODULE name=value", such as "options nvidia-uvm uvm_perf_prefetch_threshold=75"',
    ],
    [
      '\n  options nvidia-uvm',
      '2:3 error: "options nvidia-uvm" sets nothing; expected "options MODULE name=value"; add a value or remove the line',
    ],
    [
      'options nvidia-uvm uvm_perf_prefetch_threshold',
      '1:20 error: nvidia-uvm uvm_perf_prefetch_threshold: has no value; expected a whole number from 0 to 100. It keeps 51',
    ],
    [
      'options nvidia-uvm uvm_perf_prefetch_threshold=lots',
      '1:20 error: nvidia-uvm uvm_perf_prefetch_threshold=lots: "lots" is not a whole number; expected a whole number from 0 to 100. It keeps 51',
    ],
    [
      'options nvidia-uvm uvm_perf_prefetch_threshold=-1',
      '1:20 error: nvidia-uvm uvm_perf_prefetch_threshold=-1: -1 does not fit its unsigned 32 bits, so the kernel rejects it; expected a whole number from 0 to 100. It keeps 51',
    ],
    [
      'options nvidia-uvm uvm_disable_hmm=perhaps',
      '1:20 error: nvidia-uvm uvm_disable_hmm=perhaps: "perhaps" is neither on nor off; expected 0 or 1. It keeps false',
    ],
  ])('refuses %j where it stands', (text, message) => {
    expect(found(text, 'nvidia-uvm', '/etc/modprobe.d/x.conf')).toEqual([message]);
    expect(read(text, 'nvidia-uvm', '/etc/modprobe.d/x.conf').params).toEqual({});
  });

  it('says that the last of two values holds', () => {
    const text = 'options nvidia-uvm uvm_perf_prefetch_threshold=60 uvm_perf_prefetch_threshold=70\n';
    expect(read(text).params).toEqual({ uvm_perf_prefetch_threshold: 70 });
    expect(found(text)).toEqual([
      '1:51 note: nvidia-uvm uvm_perf_prefetch_threshold is set more than once; the last value is used',
    ]);
  });
});

describe('a value out of range', () => {
  it.each([
    ['uvm_perf_prefetch_threshold', 101, 51],
    ['uvm_perf_prefetch_min_faults', 21, 1],
    ['uvm_perf_prefetch_min_faults', 0, 1],
    ['uvm_perf_thrashing_threshold', 8, 3],
    ['uvm_perf_thrashing_pin_threshold', 256, 10],
    ['uvm_perf_thrashing_lapse_usec', 0, 500],
    ['uvm_perf_lapse_vote_threshold', 0, 500], // the wrong macro, uvm_perf_thrashing.c:2053
    ['uvm_perf_thrashing_nap', 101, 1],
    ['uvm_perf_thrashing_epoch', 0, 2000],
    ['uvm_perf_thrashing_enable', 2, true],
    ['uvm_perf_fault_batch_count', 0, 1],
    ['uvm_perf_fault_replay_policy', 4, 'batch_flush'],
    ['uvm_perf_fault_replay_update_put_ratio', 101, 100],
    ['uvm_perf_access_counter_threshold', 0, 1],
    ['uvm_perf_access_counter_threshold', 70_000, 65_535],
    ['uvm_perf_access_counter_migration_enable', -5, -1],
    ['uvm_perf_access_counter_migration_enable', 7, 1],
    ['uvm_perf_migrate_cpu_preunmap_block_order', 11, 10],
  ])('of %s = %d is %s, as in the driver, and said so', (name, text, value) => {
    const { params, findings } = read(`options nvidia-uvm ${name}=${text}\n`);
    expect(params).toEqual({ [name]: value });
    expect(findings).toMatchObject([
      { kind: 'knob-out-of-range', severity: 'warning', place: { line: 1, column: 20 } },
    ]);
    expect(findings[0]!.message).toContain(`${name}=${text} is out of range`);
  });

  it('of a switch that asks only whether it is 0 is on', () => {
    expect(read('options nvidia-uvm uvm_perf_prefetch_enable=7\n')).toMatchObject({
      params: { uvm_perf_prefetch_enable: true },
      findings: [],
    });
  });

  it('of a knob that refuses it leaves the default', () => {
    expect(found('kernel.numa_balancing = 3\n', 'coherent')).toEqual([
      '1:1 error: kernel.numa_balancing=3: 3 is not one of its values; expected 1 (true), 0 (false). It keeps true',
    ]);
  });
});

describe('sysctl.d', () => {
  it('is read with both separators, both comments and a leading dash', () => {
    const text = `; ours
# and
-kernel/numa_balancing=2
  kernel.numa_balancing_promote_rate_limit_MBps   =  200
vm.swappiness = 10
-net.ipv4.conf.all.rp_filter
`;
    const { params, unknown, findings } = read(text, 'tiering');
    expect(params).toEqual({ promotion: true, promoteRateMbps: 200 });
    expect(unknown).toEqual([{ name: 'vm.swappiness', text: '10', place: { file: 'test.conf', line: 5, column: 1 } }]);
    expect(findings).toMatchObject([{ kind: 'knob-other-command', place: { line: 6, column: 1 } }]);
  });

  it('refuses a line without a value where it stands', () => {
    expect(found('kernel.numa_balancing = 2\n  kernel.numa_balancing\n', 'tiering', 'sysctl.conf')).toEqual([
      '2:3 error: "kernel.numa_balancing" is not a setting; expected "key = value", such as "kernel.numa_balancing = 2"',
    ]);
  });
});

describe('tmpfiles.d', () => {
  it('is read with modifiers, and leaves lines that write nothing alone', () => {
    const text = `w! /sys/kernel/mm/numa/demotion_enabled - - - - 0
w /sys/kernel/mm/transparent_hugepage/enabled - - - - always
w /sys/kernel/mm/lru_gen/enabled - - - - y
d /run/ours 0755 root root
`;
    const { params, unknown, findings } = read(text, 'tiering');
    expect(params).toEqual({ demotion: false, thp: 'always' });
    expect(unknown).toMatchObject([
      { name: '/sys/kernel/mm/lru_gen/enabled', text: 'y', place: { line: 3, column: 42 } },
    ]);
    expect(findings).toMatchObject([{ kind: 'knob-other-command', place: { line: 4 } }]);
  });

  it('refuses lines of another form, and words that the kernel does not accept', () => {
    expect(found('w /sys/kernel/mm/numa/demotion_enabled true\n', 'tiering')).toEqual([
      '1:1 error: "w /sys/kernel/mm/numa/demotion_enabled true" writes nothing; expected six fields and then the value: "w /sys/kernel/mm/numa/demotion_enabled - - - - VALUE"',
    ]);
    expect(found('w /sys/kernel/mm/transparent_hugepage/enabled - - - - perhaps\n', 'tiering')).toEqual([
      '1:55 error: /sys/kernel/mm/transparent_hugepage/enabled=perhaps: "perhaps" is not one of its values; expected madvise, always, never. It keeps madvise',
    ]);
  });
});

describe('the kernel command line', () => {
  it('is read from what a machine booted with, up to what is for init', () => {
    const text =
      'BOOT_IMAGE=/vmlinuz root=UUID=1 ro quiet nvidia-uvm.uvm_perf_prefetch_threshold=60 nvidia.NVreg_X="a b" -- uvm_x=1\n';
    const { params, unknown } = read(text, 'nvidia-uvm', 'cmdline');
    expect(params).toEqual({ uvm_perf_prefetch_threshold: 60 });
    expect(unknown.map(({ name, text: value }) => [name, value])).toEqual([
      ['BOOT_IMAGE', '/vmlinuz'],
      ['root', 'UUID=1'],
      ['ro', null],
      ['quiet', null],
      ['nvidia.NVreg_X', 'a b'],
    ]);
  });

  it('has its own words, takes sysctls, and is found in the line of a boot loader', () => {
    expect(read('numa_balancing=disable transparent_hugepage=never', 'coherent').params).toEqual({
      numaBalancing: false,
      thp: 'never',
    });
    expect(read('GRUB_CMDLINE_LINUX="quiet sysctl.kernel.numa_balancing=0"\n', 'tiering')).toMatchObject({
      params: { promotion: false },
      unknown: [{ name: 'quiet', place: { line: 1, column: 21 } }],
    });
  });
});

describe('numbers of the kernel', () => {
  it.each([
    ['12', 12],
    ['+12', 12],
    ['0x1F', 31],
    ['017', 15],
    ['0', 0],
    ['-3', -3],
    ['-0', 0],
    ['', null],
    ['08', null],
    ['1.5', null],
    ['1e3', null],
    ['0x', null],
    ['12 ', null],
  ])('%j is %j', (text, value) => {
    expect(kernelInteger(text)).toBe(value);
  });
});

it('a format is recognised by its text, or by the file name if the text is ambiguous', () => {
  const best = (text: string, name = 'x') =>
    knobFormats.reduce((a, b) => (b.sniff(text, name) > a.sniff(text, name) ? b : a)).id;
  expect(best('options a b=1')).toBe('modprobe');
  expect(best('kernel.numa_balancing=1')).toBe('sysctl');
  expect(best('w /sys/x - - - - 1')).toBe('tmpfiles');
  expect(best('nvidia_uvm.x=1')).toBe('cmdline');
  expect(best('# nothing', 'a/sysctl.d/x')).toBe('sysctl');
});

it('a switch that the driver names the other way round is reported in the words of its file', () => {
  const amd = systemOf('amd-svm');
  const xnack = knobParams(amd).find(({ name }) => name === 'xnack')!;
  expect([true, false].map((value) => wordInFile(xnack.knob, value))).toEqual(['0', '1']);
  const { files } = exportKnobs(amd, full(amd, { xnack: false }), false);
  expect(files.find(({ format }) => format === 'modprobe')!.text).toMatch(
    /XNACK; default 0 .*\noptions amdgpu noretry=1/,
  );
  const replay = knobParams(uvm).find(({ name }) => name === 'uvm_perf_fault_replay_policy')!;
  expect(wordInFile(replay.knob, 'batch_flush')).toBe('2');
  const enable = knobParams(uvm).find(({ name }) => name === 'uvm_perf_prefetch_enable')!;
  expect(wordInFile(enable.knob, true)).toBeNull(); // 1 is the plain word of a switch that is on
});
