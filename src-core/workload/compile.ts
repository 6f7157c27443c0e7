/** Workload → access source: lays the objects out in the address space and opens streams over the plans. */
import type { AccessSource } from '../contracts/access-stream';
import { type ObjectSpec, type RegionSpec, type SpaceSpec, VA_BLOCK_BYTES } from '../model/space';
import { MAX_OBJECT_BYTES } from './limits';
import { deviceObjects } from './device-objects';
import { deviceCount } from './resolve-phases';
import { openWorkload } from './stream';
import { createTables } from './tables';
import type { WorkloadObject, Workload } from './workload';

/** Where Linux puts large anonymous mappings on x86-64: below the stack, near the top of the user half. */
const USUAL_BASE = 0x7f0000000000;

/**
 * Objects of the file in its order, each from a 2 MiB boundary, in one region. What further processes see of them comes
 * after that, in regions of its own at the virtual addresses of the originals.
 */
function layOut(objects: readonly WorkloadObject[]): SpaceSpec {
  const offsets: number[] = [];
  let bytes = 0;
  let ofMain = 0;
  for (const object of objects) {
    offsets.push(bytes);
    bytes += Math.ceil(object.bytes / VA_BLOCK_BYTES) * VA_BLOCK_BYTES;
    if (object.origin === undefined) ofMain = bytes;
  }
  // More than a TiB does not fit above the usual base: begin lower, so that the last byte stays in the user half.
  const base = Math.min(USUAL_BASE, MAX_OBJECT_BYTES - ofMain);
  const regions: RegionSpec[] = [{ address: base, offset: 0, bytes: ofMain }];
  const specs = objects.map((object, index): ObjectSpec => {
    const { name, bytes: size, elementBytes, layout, initially, mapping, advice, process, origin } = object;
    const offset = offsets[index]!;
    const address = base + offsets[origin ?? index]!;
    if (origin !== undefined)
      regions.push({ address, offset, bytes: Math.ceil(size / VA_BLOCK_BYTES) * VA_BLOCK_BYTES });
    return {
      ...{ name, address, bytes: size, offset, elementBytes, layout, initially },
      ...(mapping !== undefined && { mapping }),
      ...(advice !== undefined && { advice }),
      ...(process !== undefined && { process }),
      ...(origin !== undefined && { origin }),
    };
  });
  return { regions, objects: specs, bytes };
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
