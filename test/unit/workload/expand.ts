import { type AccessStream, createBatch, type StreamItem } from '../../../src-core/contracts/access-stream';
import { processorName } from '../../../src-core/model/processor';
import { compileWorkload, loadWorkload } from '../../../src-core/workload';

/** Names of AccessOp values, in their order. */
const OP_NAMES = ['read', 'write', 'read-write', 'atomic'] as const;

/** One element access: `gpu0 read u+16` with the width after a colon where it is asked for. */
export interface Access {
  readonly processor: string;
  readonly op: string;
  readonly object: string;
  /** Bytes from the start of the object. */
  readonly at: number;
  readonly bytes: number;
  readonly step: string;
  readonly dependent: boolean;
}

export interface Expanded {
  readonly accesses: Access[];
  /** begin/end/fork marks in order, as `phase[iteration] name processor`. */
  readonly steps: string[];
  readonly groups: number;
  readonly total: number | null;
}

/** Runs a workload text to its end, one access at a time; branches of a fork one after another. */
export function expand(text: string, seed?: number): Expanded {
  const source = compileWorkload(loadWorkload(text, 'test.yaml'), seed === undefined ? {} : { seed });
  const accesses: Access[] = [];
  const steps: string[] = [];
  let groups = 0;
  const owner = (offset: number): { name: string; at: number } => {
    const object = source.space.objects.find((entry) => offset >= entry.offset && offset < entry.offset + entry.bytes);
    if (!object) throw new Error(`offset ${offset} is in no object`);
    return { name: object.name, at: offset - object.offset };
  };
  const walk = (stream: AccessStream): void => {
    const batch = createBatch();
    let step = '';
    let processor = '';
    const emit = (op: number, object: number, offset: number, bytes: number): void => {
      const place = owner(offset);
      if (source.space.objects[object]?.name !== place.name) throw new Error(`object ${object} is not ${place.name}`);
      accesses.push({
        processor,
        op: OP_NAMES[op] ?? '?',
        object: place.name,
        at: place.at,
        bytes,
        step,
        dependent: batch.dependent,
      });
    };
    for (;;) {
      const item = stream.next(batch) as StreamItem;
      if (item.kind === 'end') return;
      if (item.kind === 'step-begin') {
        processor = processorName(item.step.processor);
        step = `${item.step.phase}[${item.step.iteration}] ${item.step.name} ${processor}`;
        steps.push(step);
      } else if (item.kind === 'fork') {
        steps.push(`fork ${item.branches.length} ${item.quantum}`);
        item.branches.forEach(walk);
      } else if (item.kind === 'accesses') {
        for (let g = 0; g < batch.groups; g++) {
          groups++;
          for (let i = 0; i < batch.count[g]!; i++)
            for (let lane = batch.laneOf[g]!; lane < batch.laneOf[g + 1]!; lane++)
              emit(
                batch.op[lane]!,
                batch.object[lane]!,
                batch.address[lane]! + i * batch.stride[lane]!,
                batch.bytes[lane]!,
              );
        }
        for (let i = 0; i < batch.points; i++)
          emit(batch.pointOp, batch.pointObject, batch.base + batch.index[i]! * batch.pitch, batch.pointBytes);
      }
    }
  };
  walk(source.open());
  return { accesses, steps, groups, total: source.accesses };
}

/** `read u+0` per access. */
export const lines = (expanded: Expanded): string[] =>
  expanded.accesses.map((access) => `${access.op} ${access.object}+${access.at}`);

/** A workload with one gpu step of the given loops (YAML flow text). */
export const oneStep = (objects: string, loops: string, phase = ''): string =>
  `faultline: 1\nname: t\nobjects: { ${objects} }\nphases: [ { name: p, ${phase} steps: [ { on: gpu, do: [ ${loops} ] } ] } ]\n`;
