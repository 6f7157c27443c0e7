/** A stream taken apart into single accesses, in the order of the contract (contracts/access-stream.ts). */
import { createBatch, type AccessSource, type AccessStream } from '../../src-core/contracts/access-stream';
import type { AccessOp } from '../../src-core/model/processor';
import type { SlowAccess } from './slow-model';

/** What a processor does before another branch may have its turn: one element, or one iteration of a group. */
type Iteration = readonly SlowAccess[];
type Fork = { readonly branches: readonly AccessStream[]; readonly quantum: number };

function* iterations(stream: AccessStream): Generator<Iteration | Fork, void, undefined> {
  const batch = createBatch();
  let processor = -1;
  for (;;) {
    const item = stream.next(batch);
    if (item instanceof Promise) throw new Error('the workloads of this suite are synchronous');
    if (item.kind === 'end') return;
    if (item.kind === 'fork') yield item;
    if (item.kind === 'step-begin') processor = item.step.processor;
    if (item.kind !== 'accesses') continue;
    if (batch.kind === 'points') {
      const { base, pitch, pointBytes, pointOp, pointObject } = batch;
      const index = batch.index.slice(0, batch.points);
      for (const number of index)
        yield [{ processor, op: pointOp, object: pointObject, address: base + number * pitch, bytes: pointBytes }];
      continue;
    }
    for (let group = 0; group < batch.groups; group++)
      for (let i = 0; i < batch.count[group]!; i++) {
        const iteration: SlowAccess[] = [];
        for (let lane = batch.laneOf[group]!; lane < batch.laneOf[group + 1]!; lane++)
          iteration.push({
            processor,
            op: batch.op[lane] as AccessOp,
            object: batch.object[lane]!,
            address: batch.address[lane]! + i * batch.stride[lane]!,
            bytes: batch.bytes[lane]!,
          });
        yield iteration;
      }
  }
}

function pieces(access: SlowAccess, granuleBytes: number): SlowAccess[] {
  const made: SlowAccess[] = [];
  for (let at = access.address; at < access.address + access.bytes;) {
    const end = Math.min(access.address + access.bytes, (Math.floor(at / granuleBytes) + 1) * granuleBytes);
    made.push({ ...access, address: at, bytes: end - at });
    at = end;
  }
  return made;
}

/** Every access of the source in order; concurrent branches take turns of `quantum` accesses, iterations kept whole. */
export function accessesOf(source: AccessSource, granuleBytes: number): SlowAccess[] {
  const all: SlowAccess[] = [];
  const walk = (stream: AccessStream): void => {
    for (const item of iterations(stream))
      if ('branches' in item) takeTurns(item);
      else for (const access of item) all.push(...pieces(access, granuleBytes));
  };
  const takeTurns = ({ branches, quantum }: Fork): void => {
    let waiting = branches.map((branch) => iterations(branch));
    while (waiting.length > 0) {
      const unfinished: typeof waiting = [];
      for (const branch of waiting) {
        const until = all.length + quantum;
        let isDone = false;
        while (all.length < until && !isDone) {
          const next = branch.next();
          if (next.done) isDone = true;
          else if ('branches' in next.value) throw new Error('branches do not branch again');
          else for (const access of next.value) all.push(...pieces(access, granuleBytes));
        }
        if (!isDone) unfinished.push(branch);
      }
      waiting = unfinished;
    }
  };
  walk(source.open());
  return all;
}
