/** Knobs of the nvidia-uvm module where they must matter, and where they must not. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SessionClient } from '../../support/session-client';

const head = (name: string, objects: string): string => `faultline: 1
name: ${name}
machine: pcie4-16g
deviceMemory: 4MiB
granularity: 4KiB
system: nvidia-uvm
objects: { ${objects} }
phases:
`;
const WORKLOADS = {
  /** Three passes over nearly twice the device's memory. */
  sweep: `${head('sweep', 'a: { size: 7MiB, element: f64 }')}  - name: s
    repeat: 3
    steps:
      - on: gpu
        do: [ { readwrite: a, pattern: strided, stride: 512 } ]
      - on: cpu
        do: [ { read: a, part: [0, 0.3], pattern: strided, stride: 1024 } ]
`,
  /** A page that both sides write in turns. */
  pingpong: `${head('pingpong', 'hot: { size: 32KiB, element: f64 }')}  - name: s
    repeat: 400
    steps:
      - on: gpu
        do: [ { readwrite: hot, part: [0, 0.25], pattern: strided, stride: 256 } ]
      - on: cpu
        do: [ { write: hot, part: [0, 0.25], pattern: strided, stride: 256 } ]
`,
  /** The device is not asked. */
  host: `${head('host', 'a: { size: 1MiB, element: f64 }')}  - name: s
    steps:
      - on: cpu
        do: [ { write: a, pattern: strided, stride: 512 } ]
`,
  /** One page: the tree has no neighbour to bring along, on faults of the CPU or the device. */
  page: `${head('page', 'a: { size: 4KiB, element: f64 }')}  - name: s
    steps:
      - on: cpu
        do: [ { write: a } ]
      - on: gpu
        do: [ { read: a } ]
`,
} as const;
type Name = keyof typeof WORKLOADS;

let client: SessionClient;
const base = new Map<Name, string>();
const run = async (name: Name, params: Readonly<Record<string, number | string | boolean>> = {}): Promise<string> => {
  const target = { kind: 'path', path: join(client.folder, `${name}.yaml`) } as const;
  return (await client.run(target, { system: { id: 'nvidia-uvm', params }, spool: false })).recordingHash;
};
beforeAll(async () => {
  client = new SessionClient();
  for (const name of ['sweep', 'pingpong', 'host', 'page'] as const) {
    writeFileSync(join(client.folder, `${name}.yaml`), WORKLOADS[name]);
    base.set(name, await run(name));
  }
});
afterAll(() => {
  client.close();
});

describe('a knob of nvidia-uvm', () => {
  it.each([
    ['uvm_perf_prefetch_enable', false, 'sweep'],
    ['uvm_perf_prefetch_threshold', 20, 'sweep'],
    ['uvm_perf_prefetch_min_faults', 20, 'sweep'],
    ['uvm_perf_fault_batch_count', 20, 'sweep'],
    ['uvm_perf_thrashing_enable', false, 'pingpong'],
    ['uvm_perf_thrashing_threshold', 1, 'pingpong'],
    ['uvm_perf_thrashing_pin_threshold', 40, 'pingpong'],
    ['uvm_perf_thrashing_lapse_usec', 1, 'pingpong'],
    ['uvm_perf_thrashing_nap', 20, 'pingpong'],
    ['uvm_perf_thrashing_epoch', 1, 'pingpong'],
    ['uvm_perf_thrashing_pin', 1, 'pingpong'],
    ['lapse_adaptation', 'intended', 'pingpong'],
  ] as const)('%s = %s matters in %s, and not where there is nothing for it to decide', async (name, value, where) => {
    expect(await run(where, { [name]: value })).not.toBe(base.get(where));
    // A CPU fault prefetches too (section 4.6 of the notes); the other knobs are about devices.
    const idle = name.startsWith('uvm_perf_prefetch') ? 'page' : 'host';
    expect(await run(idle, { [name]: value })).toBe(base.get(idle));
  });
});
