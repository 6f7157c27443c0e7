/** Which objects devices touch, and which device first: the knowledge that an author needs to place data. */
import { type ProcessorIndex, asProcessor } from '../model/processor';
import { stepsOf } from './cost';
import type { LoopPlan, Workload } from './workload';

function objectsOf(loop: LoopPlan): readonly number[] {
  switch (loop.kind) {
    case 'run':
    case 'gather':
      return loop.lanes.map(({ object }) => object);
    case 'stencil':
      return [loop.read.object, ...loop.lanes.map(({ object }) => object)];
    case 'gemm':
      return [loop.a.object, loop.b.object, loop.c.object];
    case 'random':
    case 'zipf':
    case 'chase':
      return [loop.object];
  }
}

/** Object → lowest device that touches it; names that a swap exchanges stand for both. */
export function deviceObjects(workload: Workload): ReadonlyMap<number, ProcessorIndex> {
  const found = new Map<number, ProcessorIndex>();
  const note = (object: number, device: ProcessorIndex): void => {
    found.set(object, asProcessor(Math.min(device, found.get(object) ?? device)));
    // What a child uses on a device, main has mapped: who places the original must know.
    const origin = workload.objects[object]?.origin;
    if (origin !== undefined) note(origin, device);
  };
  const swaps: (readonly [number, number])[] = [];
  for (const phase of workload.phases) {
    for (const part of phase.parts) if (part.kind === 'swap') swaps.push([part.first, part.second]);
    for (const step of stepsOf(phase))
      if (step.processor > 0)
        for (const loop of step.loops) for (const object of objectsOf(loop)) note(object, step.processor);
  }
  for (let changed = true; changed;) {
    changed = false;
    for (const [a, b] of swaps)
      for (const [from, to] of [
        [a, b],
        [b, a],
      ] as const) {
        const device = found.get(from);
        if (device === undefined || found.has(to)) continue;
        found.set(to, device);
        changed = true;
      }
  }
  return found;
}
