/**
 * The accesses of a bench case for the C reference (test/perf/reference.c), which must count the same: one by one, or as the
 * run-length groups that the engine gets, in records of 8-byte words.
 */
import { assert } from '../../base/assert';
import { createBatch, type AccessBatch, type AccessSource } from '../../contracts/access-stream';
import { isTimed } from './mark';

const GROUP = 1;
const PACKED = 2;
const MARK = 3;
const WORD = 8;
/** All accesses of the cases are the first device's. */
const DEVICE = 1;

function record(kind: number, number: number, words: readonly number[], tailBytes = 0): DataView {
  const view = new DataView(new ArrayBuffer(WORD * (1 + words.length) + Math.ceil(tailBytes / WORD) * WORD));
  view.setUint32(0, kind, true);
  view.setUint32(4, number, true);
  words.forEach((word, i) => view.setFloat64(WORD * (1 + i), word, true));
  return view;
}

const bytesOf = ({ buffer }: DataView): Uint8Array => new Uint8Array(buffer as ArrayBuffer);

/** Where an access of the packed form has its operation and its processor, above the granule. */
const OP_SHIFT = 27;
const PROCESSOR_SHIFT = 29;

/** Accesses one by one: 32 bits each. */
class Packer {
  private readonly accesses: number[] = [];

  constructor(private readonly granuleBytes: number) {}

  /** Runs of one lane after the other, as the engine executes them. */
  addGroup(batch: AccessBatch, group: number): void {
    const lane = laneOf(batch, group);
    const { address, stride, count, op } = batch;
    for (let i = 0; i < count[group]!; i++) this.add(address[lane]! + i * stride[lane]!, op[lane]!);
  }

  addPoints({ points, base, pitch, index, pointOp }: AccessBatch): void {
    for (let i = 0; i < points; i++) this.add(base + index[i]! * pitch, pointOp);
  }

  take(bytes: number): Uint8Array {
    const { accesses } = this;
    const view = record(PACKED, accesses.length, [bytes], 4 * accesses.length);
    accesses.forEach((access, i) => {
      view.setUint32(2 * WORD + 4 * i, access, true);
    });
    accesses.length = 0;
    return bytesOf(view);
  }

  private add(address: number, op: number): void {
    const granule = Math.floor(address / this.granuleBytes);
    assert(granule < 2 ** OP_SHIFT, 'the packed form has 27 bits for a granule');
    this.accesses.push((granule | (op << OP_SHIFT) | (DEVICE << PROCESSOR_SHIFT)) >>> 0);
  }
}

/** The only lane of a group. */
function laneOf(batch: AccessBatch, group: number): number {
  const lane = batch.laneOf[group]!;
  assert(batch.laneOf[group + 1] === lane + 1, 'the C reference takes groups of one lane only');
  return lane;
}

function encodeGroup(batch: AccessBatch, group: number): Uint8Array {
  const { address, stride, count, bytes } = batch;
  const lane = laneOf(batch, group);
  assert(stride[lane]! > 0, 'the C reference takes ascending groups only');
  return bytesOf(record(GROUP, 0, [address[lane]!, stride[lane]!, count[group]!, bytes[lane]!]));
}

/**
 * All accesses in order, in pieces, with a mark where the timed part begins.
 *
 * @param granuleBytes accesses are given one by one, by granule; null: as run-length groups
 */
export async function* encodeAccesses(source: AccessSource, granuleBytes: number | null): AsyncGenerator<Uint8Array> {
  const stream = source.open();
  const batch = createBatch();
  const packer = granuleBytes === null ? null : new Packer(granuleBytes);
  let isMarked = false;
  for (let item = await stream.next(batch); item.kind !== 'end'; item = await stream.next(batch)) {
    if (!isMarked && isTimed(item)) {
      isMarked = true;
      yield bytesOf(record(MARK, 0, []));
    }
    if (item.kind !== 'accesses') continue;
    if (packer === null) {
      assert(batch.kind === 'groups', 'single accesses have no run-length form');
      for (let group = 0; group < batch.groups; group++) yield encodeGroup(batch, group);
    } else if (batch.kind === 'points') {
      packer.addPoints(batch);
      yield packer.take(batch.pointBytes);
    } else
      for (let group = 0; group < batch.groups; group++) {
        packer.addGroup(batch, group);
        yield packer.take(batch.bytes[laneOf(batch, group)]!);
      }
  }
  stream.close();
}

/** Makes every access of a source and does nothing with it: what the workload alone costs. Returns the accesses. */
export async function drain(source: AccessSource): Promise<number> {
  const stream = source.open();
  const batch = createBatch();
  let accesses = 0;
  for (let item = await stream.next(batch); item.kind !== 'end'; item = await stream.next(batch)) {
    if (item.kind !== 'accesses') continue;
    accesses += batch.points;
    for (let group = 0; group < batch.groups; group++)
      accesses += batch.count[group]! * (batch.laneOf[group + 1]! - batch.laneOf[group]!);
  }
  stream.close();
  return accesses;
}
