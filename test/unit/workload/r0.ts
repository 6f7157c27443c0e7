import { type AccessStream, createBatch, type StreamItem } from '../../../src-core/contracts/access-stream';
import type { AccessSource } from '../../../src-core/contracts/access-stream';

export interface R0Counts {
  cpuFaults: number;
  gpuFaults: number;
  bytesToDevice: number;
  bytesToHost: number;
  migrations: number;
  evictions: number;
  accesses: number;
}

/**
 * The R0 rules in their plainest form, for one device, written apart from the engine: one copy per block, a touch from
 * elsewhere is one fault and one move, device LRU by last access.
 */
export function runR0(source: AccessSource, granule: number, deviceBytes: number): R0Counts {
  const counts: R0Counts = {
    cpuFaults: 0,
    gpuFaults: 0,
    bytesToDevice: 0,
    bytesToHost: 0,
    migrations: 0,
    evictions: 0,
    accesses: 0,
  };
  const NOWHERE = 255;
  const owner = new Uint8Array(source.space.bytes / granule).fill(NOWHERE);
  for (const object of source.space.objects)
    if (object.initially === 'host')
      owner.fill(0, object.offset / granule, Math.ceil((object.offset + object.bytes) / granule));
  const capacity = Math.floor(deviceBytes / granule);
  const lru = new Set<number>();
  let newest = -1;
  const touch = (processor: number, block: number): void => {
    const where = owner[block]!;
    if (where === processor) {
      if (processor === 0 || block === newest) return;
      lru.delete(block);
    } else {
      counts[processor === 0 ? 'cpuFaults' : 'gpuFaults']++;
      if (processor === 0) {
        lru.delete(block);
        if (block === newest) newest = -1;
      } else if (lru.size === capacity) {
        const victim = lru.values().next().value!;
        lru.delete(victim);
        owner[victim] = 0;
        counts.evictions++;
        counts.migrations++;
        counts.bytesToHost += granule;
      }
      owner[block] = processor;
      if (where !== NOWHERE) {
        counts.migrations++;
        counts[processor === 0 ? 'bytesToHost' : 'bytesToDevice'] += granule;
      }
    }
    if (processor !== 0) {
      lru.add(block);
      newest = block;
    }
  };
  const batch = createBatch();
  const group = (processor: number, g: number): void => {
    const [from, to, count] = [batch.laneOf[g]!, batch.laneOf[g + 1]!, batch.count[g]!];
    counts.accesses += count * (to - from);
    for (let i = 0; i < count;) {
      let next = count;
      for (let lane = from; lane < to; lane++) {
        const stride = batch.stride[lane]!;
        const start = batch.address[lane]! + i * stride;
        const block = Math.floor(start / granule);
        touch(processor, block);
        const last = Math.floor((start + batch.bytes[lane]! - 1) / granule);
        if (last !== block) touch(processor, last);
        // The next iteration at which this lane touches another block, at either end of its access.
        const room = stride > 0 ? (block + 1) * granule - start - batch.bytes[lane]! : start - block * granule;
        const stay = last !== block || stride === 0 ? 1 : Math.floor(room / Math.abs(stride)) + 1;
        next = Math.min(next, i + Math.max(1, stay));
      }
      i = next;
    }
  };
  const stream: AccessStream = source.open();
  let processor = 0;
  for (;;) {
    const item = stream.next(batch) as StreamItem;
    if (item.kind === 'end') return counts;
    if (item.kind === 'fork') throw new Error('the R0 test model has no concurrency');
    if (item.kind === 'step-begin') processor = item.step.processor;
    if (item.kind !== 'accesses') continue;
    for (let g = 0; g < batch.groups; g++) group(processor, g);
    for (let i = 0; i < batch.points; i++)
      touch(processor, Math.floor((batch.base + batch.index[i]! * batch.pitch) / granule));
    counts.accesses += batch.points;
  }
}
