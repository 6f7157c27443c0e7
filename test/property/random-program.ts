/** Random programs as plain data, and the access source that plays one. */
import { randomStream, type Random } from '../../src-core/base/random';
import {
  addLane,
  beginGroups,
  endGroup,
  type AccessBatch,
  type AccessSource,
  type AccessStream,
  type StreamItem,
} from '../../src-core/contracts/access-stream';
import { asProcessor, type AccessOp } from '../../src-core/model/processor';
import { VA_BLOCK_BYTES, type SpaceSpec } from '../../src-core/model/space';

export interface ObjectPlan {
  readonly bytes: number;
  readonly elementBytes: number;
  readonly isOnHost: boolean;
}
export interface LanePlan {
  readonly op: AccessOp;
  readonly object: number;
  readonly address: number;
  readonly stride: number;
  readonly bytes: number;
}
export type BatchPlan =
  | {
      readonly kind: 'groups';
      readonly groups: readonly { readonly count: number; readonly lanes: readonly LanePlan[] }[];
    }
  | {
      readonly kind: 'points';
      readonly dependent: boolean;
      readonly op: AccessOp;
      readonly object: number;
      readonly base: number;
      readonly pitch: number;
      readonly bytes: number;
      readonly index: readonly number[];
    };
export interface StepPlan {
  readonly processor: number;
  readonly batches: readonly BatchPlan[];
}
export type PartPlan =
  | { readonly kind: 'step'; readonly step: StepPlan }
  | { readonly kind: 'fork'; readonly quantum: number; readonly branches: readonly (readonly StepPlan[])[] };
export interface ProgramPlan {
  readonly objects: readonly ObjectPlan[];
  readonly parts: readonly PartPlan[];
}

/** Objects on 2 MiB boundaries in one region that begins at an address of its own. */
export function layOut(objects: readonly ObjectPlan[]): SpaceSpec {
  const address = 0x1000_0000_0000;
  let bytes = 0;
  const placed = objects.map((object, index) => {
    const offset = bytes;
    bytes += Math.ceil(object.bytes / VA_BLOCK_BYTES) * VA_BLOCK_BYTES;
    return {
      name: `o${index}`,
      address: address + offset,
      bytes: object.bytes,
      offset,
      elementBytes: object.elementBytes,
      layout: 'array' as const,
      initially: object.isOnHost ? ('host' as const) : ('unpopulated' as const),
    };
  });
  return { regions: [{ address, offset: 0, bytes }], objects: placed, bytes };
}

function fill(batch: AccessBatch, plan: BatchPlan): void {
  if (plan.kind === 'groups') {
    beginGroups(batch);
    for (const { count, lanes } of plan.groups) {
      lanes.forEach((lane, index) => {
        addLane(batch, index, lane.op, lane.object, lane.address, lane.stride, lane.bytes);
      });
      endGroup(batch, lanes.length, count);
    }
    return;
  }
  beginGroups(batch);
  batch.kind = 'points';
  batch.dependent = plan.dependent;
  batch.points = plan.index.length;
  batch.index.set(plan.index);
  batch.base = plan.base;
  batch.pitch = plan.pitch;
  batch.pointBytes = plan.bytes;
  batch.pointOp = plan.op;
  batch.pointObject = plan.object;
}

/** A stream over a list of items; its position is how many were given. */
function streamOf(parts: readonly PartPlan[]): AccessStream {
  const items: { readonly item: () => StreamItem; readonly accesses?: BatchPlan }[] = [];
  for (const [index, part] of parts.entries()) {
    if (part.kind === 'fork') {
      const branches = (): AccessStream[] =>
        part.branches.map((steps) => streamOf(steps.map((step) => ({ kind: 'step', step }))));
      items.push({ item: () => ({ kind: 'fork', quantum: part.quantum, branches: branches() }) });
      continue;
    }
    const { processor, batches } = part.step;
    const step = { phase: 'p', iteration: 1, name: `s${index}`, processor: asProcessor(processor) };
    items.push({ item: () => ({ kind: 'step-begin', step }) });
    for (const accesses of batches) items.push({ item: () => ({ kind: 'accesses' }), accesses });
    items.push({ item: () => ({ kind: 'step-end' }) });
  }
  let next = 0;
  return {
    next: (batch) => {
      const given = items[next];
      if (!given) return { kind: 'end' };
      next++;
      if (given.accesses) fill(batch, given.accesses);
      return given.item();
    },
    progress: () => null,
    close: () => undefined,
    position: () => next,
    seek: (position) => {
      next = position as number;
    },
  };
}

const stepsOf = (program: ProgramPlan): StepPlan[] =>
  program.parts.flatMap((part) => (part.kind === 'step' ? [part.step] : part.branches.flat()));

export function sourceOf(program: ProgramPlan, name = 'random'): AccessSource {
  return {
    kind: 'workload',
    name,
    space: layOut(program.objects),
    devices: Math.max(1, ...stepsOf(program).map((step) => step.processor)),
    accesses: null,
    findings: () => [],
    open: () => streamOf(program.parts),
  };
}

export interface ProgramLimits {
  readonly granuleBytes: number;
  readonly devices: number;
  readonly mayFork: boolean;
}

const pick = <T>(random: Random, list: readonly T[]): T => list[random.below(list.length)]!;

/** Elements small against the granule and elements that span some; more coarse ones where granules are large. */
const ELEMENTS: Readonly<Record<number, readonly number[]>> = {
  4096: [1, 4, 8, 12, 24, 64, 100, 512, 1000, 5000],
  65536: [24, 512, 4096, 5000, 12_000, 70_000],
  2097152: [4096, 70_000, 300_000, 3_000_000],
};

/** What the slow model may spend on one program: an access costs its bytes and this much besides. */
const ACCESS_COST = 40;
const BUDGET: Readonly<Record<number, number>> = { 4096: 400_000, 65536: 2_500_000, 2097152: 25_000_000 };

/** A program over a few small objects. Everything in it follows from `seed`. */
export function randomProgram(seed: number, limits: ProgramLimits): ProgramPlan {
  const random = randomStream(seed, 'program');
  const { granuleBytes, devices } = limits;
  const objects = Array.from({ length: 1 + random.below(4) }, (): ObjectPlan => {
    const elementBytes = pick(random, ELEMENTS[granuleBytes]!);
    const most = granuleBytes === 2097152 ? 3 : random.below(4) === 0 ? 40 : 6;
    const elements = Math.max(1, Math.floor(((1 + random.below(most * 16)) * granuleBytes) / 16 / elementBytes));
    return { elementBytes, bytes: elements * elementBytes, isOnHost: random.below(2) === 0 };
  });
  const space = layOut(objects);
  const op = (): AccessOp => pick(random, [0, 0, 1, 1, 1, 2, 3] as const);
  const elementsOf = (object: number): number => objects[object]!.bytes / objects[object]!.elementBytes;

  let budget = BUDGET[granuleBytes]!;
  /** At most `count` accesses of this width, and no more than can be paid for. */
  const afford = (count: number, bytes: number): number => {
    const cost = bytes + ACCESS_COST;
    const granted = Math.max(1, Math.min(count, Math.floor(budget / 2 / cost)));
    budget -= granted * cost;
    return granted;
  };

  /** A walk of `count` elements that stays inside the object. */
  const lane = (object: number, count: number): LanePlan => {
    const { elementBytes } = objects[object]!;
    const elements = elementsOf(object);
    const widest = count > 1 ? Math.floor((elements - 1) / (count - 1)) : 3;
    const step = pick(random, [0, 1, 1, 1, -1, -1, random.below(widest + 1), -random.below(widest + 1)]);
    const stride = Math.abs(step) > widest ? 0 : step;
    const span = (count - 1) * Math.abs(stride);
    const low = random.below(elements - span);
    const first = stride < 0 ? low + span : low;
    return {
      op: op(),
      object,
      address: space.objects[object]!.offset + first * elementBytes,
      stride: stride * elementBytes,
      bytes: elementBytes,
    };
  };
  const group = (): { count: number; lanes: LanePlan[] } => {
    const lanes = pick(random, [1, 1, 1, 2, 3, 5]);
    const chosen = Array.from({ length: lanes }, () => random.below(objects.length));
    if (random.below(3) === 0) chosen.fill(chosen[0]!); // lanes in lock step on one object
    const shortest = Math.min(...chosen.map(elementsOf));
    const width = chosen.reduce((sum, object) => sum + objects[object]!.elementBytes + ACCESS_COST, 0);
    const count = afford(random.below(3) === 0 ? shortest : 1 + random.below(shortest), width);
    return { count, lanes: chosen.map((object) => lane(object, count)) };
  };
  /** All of an object, front to back: what makes transfers dead. */
  const sweep = (): { count: number; lanes: LanePlan[] } => {
    const object = random.below(objects.length);
    const { elementBytes } = objects[object]!;
    const count = elementsOf(object);
    if (afford(count, elementBytes) < count) return group();
    return {
      count,
      lanes: [
        {
          op: pick(random, [0, 1, 1] as const),
          object,
          address: space.objects[object]!.offset,
          stride: elementBytes,
          bytes: elementBytes,
        },
      ],
    };
  };
  /** Each element is read after its neighbour was written, so lanes out of order read unwritten bytes. */
  const recurrence = (): { count: number; lanes: LanePlan[] }[] => {
    const object = random.below(objects.length);
    const { elementBytes: bytes } = objects[object]!;
    const { offset } = space.objects[object]!;
    const steps = elementsOf(object) - 1;
    if (steps < 1) return [group()];
    const count = afford(steps, 2 * bytes + ACCESS_COST);
    const isBackward = random.below(2) === 0;
    const stride = isBackward ? -bytes : bytes;
    const first = offset + (isBackward ? steps * bytes : 0);
    return [
      { count: 1, lanes: [{ op: 1, object, address: first, stride: 0, bytes }] },
      {
        count,
        lanes: [
          { op: 0, object, address: first, stride, bytes },
          { op: 1, object, address: first + stride, stride, bytes },
        ],
      },
    ];
  };
  const groups = (): { count: number; lanes: LanePlan[] }[] =>
    pick(random, [() => [group()], () => [group()], () => [sweep()], () => [sweep()], recurrence])();
  const points = (): BatchPlan => {
    const object = random.below(objects.length);
    const { elementBytes } = objects[object]!;
    const index = Array.from({ length: afford(1 + random.below(150), elementBytes) }, () =>
      random.below(elementsOf(object)),
    );
    return {
      kind: 'points',
      dependent: random.below(4) === 0,
      op: op(),
      object,
      base: space.objects[object]!.offset,
      pitch: elementBytes,
      bytes: elementBytes,
      index,
    };
  };
  const batch = (): BatchPlan =>
    random.below(3) === 0
      ? points()
      : { kind: 'groups', groups: Array.from({ length: 1 + random.below(3) }, groups).flat() };
  const step = (): StepPlan => ({
    processor: random.below(devices + 1),
    batches: Array.from({ length: 1 + random.below(3) }, batch),
  });
  const part = (): PartPlan =>
    limits.mayFork && random.below(4) === 0
      ? {
          kind: 'fork',
          quantum: pick(random, [1, 2, 3, 7, 50, 1000]),
          branches: Array.from({ length: 2 + random.below(2) }, () =>
            Array.from({ length: 1 + random.below(2) }, step),
          ),
        }
      : { kind: 'step', step: step() };
  const parts = [part(), part()];
  for (let more = random.below(10); more > 0 && budget > BUDGET[granuleBytes]! / 50; more--) parts.push(part());
  return { objects, parts };
}
