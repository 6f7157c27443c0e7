/** Byte sources and stream readers for importer tests. */
import { createBatch, type AccessSource, type StreamItem } from '../../../src-core/contracts/access-stream';
import type { ByteSource } from '../../../src-core/model/byte-source';
import type { ImportContext, Importer } from '../../../src-core/contracts/importer';

/** A source of bytes or text in memory, given out in chunks of a chosen size. */
export function memorySource(name: string, data: string | Uint8Array, chunkBytes = 65_536): ByteSource {
  const bytes = typeof data === 'string' ? new TextEncoder().encode(data) : data;
  let newest = { read: 0 };
  async function* chunks(progress: { read: number }): AsyncGenerator<Uint8Array> {
    // One buffer for all chunks: an importer that keeps a chunk it was lent reads nonsense here.
    const lent = new Uint8Array(chunkBytes);
    for (let at = 0; at < bytes.length; at += chunkBytes) {
      const piece = bytes.subarray(at, at + chunkBytes);
      lent.set(piece);
      progress.read = at + piece.length;
      yield lent.subarray(0, piece.length);
    }
  }
  return {
    name,
    chunks: () => chunks((newest = { read: 0 })),
    progress: () => ({ read: newest.read, total: bytes.length }),
  };
}

export function context(
  options: ImportContext['options'] = {},
  files: ImportContext['files'] = {},
  over: Partial<ImportContext> = {},
): ImportContext {
  return { files, options, progress: () => undefined, cancelled: () => false, ...over };
}

export interface Access {
  readonly step: string;
  readonly op: number;
  readonly object: string;
  /** Virtual address of the first access. */
  readonly address: number;
  readonly stride: number;
  readonly bytes: number;
  readonly count: number;
}

export interface Replayed {
  /** Steps as `name/iteration@processor`, in order; each must end before the next begins. */
  readonly steps: readonly string[];
  readonly instants: readonly number[];
  readonly groups: readonly Access[];
  /** Element accesses. */
  readonly accesses: number;
}

/** Pulls a whole stream; throws when it breaks the contract of access-stream.ts. */
export async function replay(source: AccessSource): Promise<Replayed> {
  const stream = source.open();
  const batch = createBatch();
  const steps: string[] = [];
  const instants: number[] = [];
  const groups: Access[] = [];
  let open: string | null = null;
  let accesses = 0;
  while (true) {
    const item: StreamItem = await stream.next(batch);
    if (item.kind === 'end') break;
    else if (item.kind === 'step-begin') {
      if (open !== null) throw new Error('a step began inside another');
      open = `${item.step.name}/${item.step.iteration}@${item.step.processor}`;
      steps.push(open);
    } else if (item.kind === 'step-end') {
      if (open === null) throw new Error('a step ended that was not open');
      open = null;
    } else if (item.kind === 'not-before') instants.push(item.timePs);
    else if (item.kind === 'fork') throw new Error('importers do not fork');
    else {
      if (open === null) throw new Error('accesses outside a step');
      if (batch.groups === 0) throw new Error('an empty batch');
      for (let group = 0; group < batch.groups; group++) groups.push(readGroup(source, batch, group, open));
      accesses += groups.slice(groups.length - batch.groups).reduce((sum, group) => sum + group.count, 0);
    }
  }
  if (open !== null) throw new Error('the stream ended inside a step');
  stream.close();
  return { steps, instants, groups, accesses };
}

function readGroup(source: AccessSource, batch: ReturnType<typeof createBatch>, group: number, step: string): Access {
  const lane = batch.laneOf[group]!;
  if (batch.laneOf[group + 1] !== lane + 1) throw new Error('a trace has one lane per group');
  const count = batch.count[group]!;
  const stride = batch.stride[lane]!;
  const bytes = batch.bytes[lane]!;
  const first = batch.address[lane]!;
  const last = first + (count - 1) * stride;
  const region = source.space.regions.find(
    (entry) => entry.offset <= Math.min(first, last) && Math.max(first, last) + bytes <= entry.offset + entry.bytes,
  );
  const object = source.space.objects[batch.object[lane]!];
  if (count < 1 || bytes < 1 || !region)
    throw new Error(`a lane of ${count} × ${bytes} bytes at offset ${first} lies in no region`);
  if (!object || first < object.offset || first >= object.offset + object.bytes)
    throw new Error(`offset ${first} is not in its object`);
  return {
    step,
    op: batch.op[lane]!,
    object: object.name,
    address: first - region.offset + region.address,
    stride,
    bytes,
    count,
  };
}

/** Throws when a space breaks the promises of model/space.ts. */
export function checkSpace({ space }: AccessSource): void {
  const sum = space.regions.reduce((total, region) => total + region.bytes, 0);
  if (sum !== space.bytes) throw new Error('the space is not the sum of its regions');
  let outer = 0;
  for (const region of space.regions) {
    if (region.offset !== outer || region.address % 2_097_152 !== 0 || region.bytes % 2_097_152 !== 0)
      throw new Error('a region is out of place');
    outer = region.offset + region.bytes;
  }
  outer = 0;
  for (const object of space.objects) {
    if (object.offset < outer || object.bytes <= 0) throw new Error(`object ${object.name} overlaps the one before`);
    const region = space.regions.find(
      (entry) => entry.offset <= object.offset && object.offset + object.bytes <= entry.offset + entry.bytes,
    );
    if (region?.address !== object.address - (object.offset - (region?.offset ?? 0)))
      throw new Error(`object ${object.name} is not where its region is`);
    outer = object.offset + object.bytes;
  }
}

/** Sum of accesses per `processor object op`, the steps' processors told apart. */
export function tally(replayed: Replayed): Readonly<Record<string, number>> {
  const sums: Record<string, number> = {};
  for (const group of replayed.groups) {
    const key = `${group.step.split('@')[1] === '0' ? 'cpu' : 'gpu'} ${group.object} ${['read', 'write', 'read-write', 'atomic'][group.op] ?? '?'}`;
    sums[key] = (sums[key] ?? 0) + group.count;
  }
  return sums;
}

/** Imports text in one go. */
export async function importText(
  importer: Importer,
  text: string | Uint8Array,
  options: ImportContext['options'] = {},
  files: Record<string, string> = {},
  chunkBytes?: number,
): Promise<AccessSource> {
  const sources = Object.fromEntries(
    Object.entries(files).map(([option, content]) => [option, memorySource(`${option}.txt`, content, chunkBytes)]),
  );
  return importer.prepare(memorySource('trace.txt', text, chunkBytes), context(options, sources));
}
