/** Prefetches, advice and discard: what a program may tell the driver of its managed ranges. */
import { describe, expect, it } from 'vitest';
import { EVICTION, FAULT, MIGRATION, OS } from '../../../../src-core/model/events';
import type { SystemReport } from '../../../../src-core/model/memory-system';
import { countPages } from '../../../../src-core/base/page-mask';
import { UvmMemory } from '../../../../src-core/systems/nvidia-uvm/mechanics/memory';
import { gh200 } from '../../../../src-core/presets/machines/gh200';
import { loadWorkload } from '../../../../src-core/workload';
import { runEvents, type EventRun } from '../../../support/event-run';
import { file as program } from '../../../support/programs';

const MIB = 2 ** 20;

/** One array of `size`; steps as in a workload file. */
const file = (steps: readonly string[], size = '4MiB', deviceMemory = '64MiB'): string => `faultline: 1
name: calls
machine: pcie4-16g
deviceMemory: ${deviceMemory}
system: nvidia-uvm
objects:
  a: { size: ${size}, element: f64, layout: array }
  b: { size: ${size}, element: f64, layout: array }
phases:
  - name: run
    steps:
${steps.map((step) => `      - ${step}`).join('\n')}
`;
const cpu = (loop: string): string => `{ on: cpu, do: [${loop}] }`;
const gpu = (loop: string): string => `{ on: gpu0, do: [${loop}] }`;
const os = (call: string): string => `{ os: ${call} }`;

const summaryOf = ({ run }: EventRun): SystemReport => run.memory.systemReport()!;
const figure = (made: EventRun, id: string): number => summaryOf(made).figures!.find((each) => each.id === id)!.value!;
const gpuFaults = ({ run }: EventRun): number =>
  run.memory.ledger.counters[1]! + run.memory.ledger.counters[1 + run.memory.ledger.counters.length / 2]!;
const moved = ({ events }: EventRun, target: number): number =>
  events
    .filter((row) => (row.kind === MIGRATION || row.kind === EVICTION) && row.source! < 255 && row.target === target)
    .reduce((sum, { bytes }) => sum + bytes!, 0);

/** Bytes on GPU 0 as the rows of a recording add up, and as the blocks have it. */
const told = ({ events }: EventRun): number =>
  events
    .filter((row) => row.kind === MIGRATION || row.kind === EVICTION)
    .reduce((sum, { source, target, bytes }) => sum + (target === 1 ? bytes! : 0) - (source === 1 ? bytes! : 0), 0);
const held = ({ run }: EventRun): number => {
  const { memory } = run;
  if (!(memory instanceof UvmMemory)) throw new Error('not a run on NVIDIA UVM');
  const windows = memory.config.space.bytes / (2 * MIB);
  const pages = Array.from({ length: windows }, (_, index) => countPages(memory.blockAt(index).resident[1]!));
  return pages.reduce((sum, count) => sum + count, 0) * memory.granuleBytes;
};

describe('cudaMemPrefetchAsync', () => {
  it('moves the range at once, so that the kernel does not fault', async () => {
    const made = await runEvents(
      file([cpu('{ write: a }'), os('{ migrate: a, to: gpu0 }'), gpu('{ read: a }'), cpu('{ read: a }')]),
    );
    expect(gpuFaults(made)).toBe(0);
    expect(moved(made, 1)).toBe(4 * MIB);
    expect(moved(made, 0)).toBe(4 * MIB);
  });

  it('populates pages without an owner on the destination', async () => {
    const made = await runEvents(file([os('{ migrate: a, to: gpu0 }'), gpu('{ write: a }')]));
    expect(gpuFaults(made)).toBe(0);
    expect(moved(made, 1)).toBe(0);
    expect(figure(made, 'bytesZeroed')).toBe(4 * MIB);
  });

  it('brings a part back to the host', async () => {
    const made = await runEvents(
      file([gpu('{ write: a }'), os('{ migrate: a, to: cpu, part: [0, 0.5] }'), cpu('{ read: a, part: [0, 0.5] }')]),
    );
    expect(moved(made, 0)).toBe(2 * MIB);
    expect(made.run.memory.ledger.counters[0]).toBe(0);
  });
});

describe('cudaMemAdvise', () => {
  it('preferred location host: the device maps the pages where they are', async () => {
    const steps = [cpu('{ write: a }'), os('{ advise: a, hint: preferred-location, at: cpu }'), gpu('{ read: a }')];
    const made = await runEvents(file(steps));
    expect(moved(made, 1)).toBe(0);
    expect(made.run.memory.ledger.counters[12]).toBe(4 * MIB); // remoteBytes
    expect(figure(made, 'mapRemote')).toBeGreaterThan(0);
  });

  it('accessed-by: mappings exist before the device asks', async () => {
    const steps = [cpu('{ write: a }'), os('{ advise: a, hint: accessed-by, at: gpu0 }'), gpu('{ read: a }')];
    const made = await runEvents(file(steps));
    expect(gpuFaults(made)).toBe(0);
    expect(moved(made, 1)).toBe(0);
    const without = await runEvents(file([steps[0]!, steps[2]!]));
    expect(gpuFaults(without)).toBeGreaterThan(0);
  });

  it('accessed-by follows an eviction', async () => {
    const steps = [
      os('{ advise: a, hint: accessed-by, at: gpu0 }'),
      gpu('{ write: a }'),
      gpu('{ write: b }'), // evicts a
      gpu('{ read: a }'),
    ];
    const made = await runEvents(file(steps, '4MiB', '4MiB'));
    expect(figure(made, 'evictedRoots')).toBe(2);
    expect(moved(made, 1)).toBe(0);
  });

  it('read-mostly: both sides read without moving anything back, a write collapses the copies', async () => {
    const reads = [
      cpu('{ write: a }'),
      os('{ advise: a, hint: read-mostly }'),
      gpu('{ read: a }'),
      cpu('{ read: a }'),
      gpu('{ read: a }'),
    ];
    const made = await runEvents(file(reads));
    expect(moved(made, 1)).toBe(4 * MIB);
    expect(moved(made, 0)).toBe(0);
    expect(figure(made, 'readDuplicates')).toBe(1024);
    const written = await runEvents(file([...reads, cpu('{ write: a }'), gpu('{ read: a }')]));
    expect(figure(written, 'readDuplicateInvalidates')).toBeGreaterThan(0);
    expect(moved(written, 1)).toBe(8 * MIB);
  });

  it('read-mostly: a copy that is evicted leaves, and comes back when it is read again', async () => {
    const reads = [
      cpu('{ write: a }'),
      os('{ advise: a, hint: read-mostly }'),
      ...[gpu('{ read: a }'), gpu('{ write: b }'), gpu('{ read: a }')],
    ];
    const made = await runEvents(file(reads, '4MiB', '4MiB'));
    expect(figure(made, 'evictedRoots')).toBe(4);
    // The host has its copy of a still; b goes out for the second reading of a.
    expect(moved(made, 0)).toBe(4 * MIB);
    expect(moved(made, 1)).toBe(8 * MIB);
  });

  it('read-mostly: the rows of a recording say at any time how much is on the device', async () => {
    const steps = [
      gpu('{ write: a }'),
      os('{ advise: a, hint: read-mostly }'),
      ...[cpu('{ read: a }'), gpu('{ read: a }'), cpu('{ write: a, part: [0, 0.25] }')],
      os('{ advise: a, hint: not-read-mostly }'),
    ];
    const counts = await Promise.all(
      steps.map(async (_, last) => {
        const made = await runEvents(file(steps.slice(0, last + 1)));
        return [told(made) / MIB, held(made) / MIB];
      }),
    );
    expect(counts).toEqual([4, 4, 4, 4, 3, 0].map((mib) => [mib, mib]));
  });

  it('a hint of another vendor is EINVAL, a call to Linux EOPNOTSUPP', async () => {
    const made = await runEvents(
      file([cpu('{ write: a }'), os('{ advise: a, hint: granularity, value: 9 }'), os('{ munmap: a }')]),
    );
    expect(summaryOf(made).outcomes.map(({ result }) => result)).toEqual(['EINVAL', 'EOPNOTSUPP']);
  });
});

describe('discard', () => {
  const steps = [
    cpu('{ write: a }'),
    gpu('{ write: a }'),
    os('{ advise: a, hint: discard }'),
    gpu('{ write: b }'), // needs the room
    gpu('{ write: a }'),
  ];

  it('an evicted page whose contents were given up is not copied', async () => {
    const made = await runEvents(file(steps, '4MiB', '4MiB'));
    expect(figure(made, 'evictedRoots')).toBe(4);
    // Neither on the way out nor on the way back, as it is overwritten there.
    expect(figure(made, 'discardedBytes')).toBe(8 * MIB);
    // a came in once, from the host; b left when a wanted its room back.
    expect(moved(made, 1)).toBe(4 * MIB);
    expect(moved(made, 0)).toBe(4 * MIB);
    const kept = await runEvents(file([...steps.slice(0, 2), ...steps.slice(3)], '4MiB', '4MiB'));
    expect(moved(kept, 0)).toBe(8 * MIB);
  });

  it('a discarded chunk is evicted before chunks in use', async () => {
    const more = [gpu('{ write: b }'), gpu('{ write: a }'), os('{ advise: a, hint: discard }'), gpu('{ read: b }')];
    const made = await runEvents(file([...more, os('{ migrate: b, to: gpu0 }')], '4MiB', '8MiB'));
    expect(figure(made, 'evictedRoots')).toBe(0);
  });
});

describe('a copy engine', () => {
  it('faults page by page, each fault in a batch of its own, with the tree at work', async () => {
    const made = await runEvents(file([cpu('{ write: a }'), os('{ memcpy: b, from: a }'), gpu('{ read: b }')], '2MiB'));
    // Per 2 MiB: blocks 0, 1, 2, 4, 8 and 16 of 64 KiB, once for what it reads and once for what it writes.
    expect(figure(made, 'nonReplayable')).toBe(12);
    expect(gpuFaults(made)).toBe(12);
    const faults = made.events.filter(({ kind, processor }) => kind === FAULT && processor === 1);
    expect(new Set(faults.map(({ batch }) => batch)).size).toBe(12);
    expect(moved(made, 1)).toBe(2 * MIB);
  });

  it('does not fault on what it can reach, and is nothing that Linux offers', async () => {
    const steps = [os('{ migrate: a, to: gpu0 }'), os('{ migrate: b, to: gpu0 }'), os('{ memcpy: b, from: a }')];
    const made = await runEvents(file(steps));
    expect(figure(made, 'nonReplayable')).toBe(0);
    const linux = await runEvents(file(steps).replace('nvidia-uvm', 'hmm'));
    expect(summaryOf(linux).outcomes.map(({ result, what }) => [what, result])).toContainEqual([
      'memcpy',
      'EOPNOTSUPP',
    ]);
  });

  it('of a part that the source does not have is an error of the file', () => {
    const wrong = file([os('{ memcpy: b, from: c }')]);
    expect(() => loadWorkload(wrong, 'wrong.yaml')).toThrow(/there is no object "c"/);
    expect(() => loadWorkload(file([os('{ memcpy: b, from: b }')]), 'wrong.yaml')).toThrow(/copied onto itself/);
    expect(() => loadWorkload(file([os('{ memcpy: b, from: a, at: cpu }')]), 'wrong.yaml')).toThrow(/expected a gpu/);
  });
});

it('a group of blocks that is unmapped at once costs one shootdown instead of one for each block', async () => {
  const steps = [os('{ migrate: a, to: gpu0 }'), os('{ advise: a, hint: no-preferred-location }')];
  const text = program(steps, { machine: 'gh200', objects: { a: '16MiB' } });
  const [grouped, each] = await Promise.all(
    [true, false].map(async (value) => {
      const { events } = await runEvents(text, { uvm_perf_migrate_cpu_preunmap_enable: value });
      const [migration, next] = events.filter(({ kind }) => kind === OS);
      return next!.time! - migration!.time!;
    }),
  );
  expect(each! - grouped!).toBe((8 - 2) * gh200.timing!.driver!.tlbShootdown.value);
});

it('groups of blocks that are unmapped at once end at multiples of their size in addresses, wherever the range begins', async () => {
  const text = program(['{ os: { migrate: a, to: gpu0, part: [0.3, 0.9] } }'], {
    ...{ machine: 'gh200', objects: { a: '20MiB' } },
  });
  const made = await runEvents(text, { uvm_perf_migrate_cpu_preunmap_block_order: 2 });
  const { address } = made.run.memory.config.space.objects[0]!;
  const group = 4 * 2 * MIB;
  const groups = Math.ceil((address + 18 * MIB) / group) - Math.floor((address + 6 * MIB) / group);
  expect(groups).toBe(3); // more than a range of 12 MiB would have if groups began where it begins
  expect(made.run.memory.systemReport()!.figures!.find(({ id }) => id === 'preunmaps')!.value).toBe(groups);
});

it('what a GPU reads first is its alone: no copy has to go when it is written, though duplicates are asked for', async () => {
  const made = await runEvents(
    program(['{ os: { advise: a, hint: read-mostly } }', gpu('{ read: a }'), gpu('{ write: a }')], {
      initially: 'unpopulated',
    }),
  );
  const figures = made.run.memory.systemReport()!.figures!;
  expect(figures.filter(({ id }) => id.startsWith('readDuplicate')).map(({ value }) => value)).toEqual([0, 0]);
});
