/** Workload → access source: lays the objects out in the address space and opens streams over the plans. */
import type { AccessSource } from '../contracts/access-stream';
import { type SpaceSpec, VA_BLOCK_BYTES } from '../model/space';
import { MAX_OBJECT_BYTES } from './limits';
import { deviceObjects } from './device-objects';
import { deviceCount } from './resolve-phases';
import { openWorkload } from './stream';
import { createTables } from './tables';
import type { WorkloadObject, Workload } from './workload';

/** Where Linux puts large anonymous mappings on x86-64: below the stack, near the top of the user half. */
const USUAL_BASE = 0x7f0000000000;

/** Objects in file order, each from a 2 MiB boundary, in one region. */
function layOut(objects: readonly WorkloadObject[]): SpaceSpec {
  const offsets: number[] = [];
  let bytes = 0;
  for (const object of objects) {
    offsets.push(bytes);
    bytes += Math.ceil(object.bytes / VA_BLOCK_BYTES) * VA_BLOCK_BYTES;
  }
  // More than a TiB does not fit above the usual base: begin lower, so that the last byte stays in the user half.
  const address = Math.min(USUAL_BASE, MAX_OBJECT_BYTES - bytes);
  return {
    regions: [{ address, offset: 0, bytes }],
    objects: objects.map(({ name, bytes: size, elementBytes, layout, initially }, index) => {
      const offset = offsets[index]!;
      return { name, address: address + offset, bytes: size, offset, elementBytes, layout, initially };
    }),
    bytes,
  };
}

/** The accesses of a workload; the same file and seed give the same stream, however often it is opened. */
export function compileWorkload(workload: Workload, overrides: { readonly seed?: number } = {}): AccessSource {
  const space = layOut(workload.objects);
  const seed = overrides.seed ?? workload.seed;
  const tables = createTables(seed);
  return {
    kind: 'workload',
    name: workload.name,
    space,
    devices: deviceCount(workload.phases),
    accesses: workload.accesses,
    deviceObjects: deviceObjects(workload),
    findings: () => [],
    open: () => openWorkload(workload, space, seed, tables),
  };
}
