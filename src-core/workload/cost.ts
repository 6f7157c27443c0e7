/** How much a loop does, from closed formulas: exact element accesses, and units (groups and points) for the bound. */
import { unreachable } from '../base/assert';
import type { Iterations } from './iterations';
import type { GemmPlan, LoopPlan, PhasePlan, StencilPlan, StepPlan } from './workload';

export interface Cost {
  readonly accesses: number;
  readonly units: number;
}

const stencilAccesses = (loop: StencilPlan): number => {
  let total = loop.planes * loop.rows * loop.columns * loop.lanes.length;
  for (const { plane, row, column } of loop.neighbours)
    total += (loop.planes - Math.abs(plane)) * (loop.rows - Math.abs(row)) * (loop.columns - Math.abs(column));
  return total;
};

/**
 * Every tile of C reads its strip of A and of B once: A is read ⌈n/tile⌉ times in all, B ⌈m/tile⌉ times; each element
 * of C is touched once, after its sums are complete.
 */
const gemmCost = ({ m, n, k, tile }: GemmPlan): Cost => {
  const [tilesM, tilesN, tilesK] = [Math.ceil(m / tile), Math.ceil(n / tile), Math.ceil(k / tile)];
  return {
    accesses: m * k * tilesN + k * n * tilesM + m * n,
    units: m * tilesN * tilesK + k * tilesM * tilesN + m * tilesN,
  };
};

export function loopCost(loop: LoopPlan): Cost {
  switch (loop.kind) {
    case 'run':
      return { accesses: loop.count * loop.lanes.length, units: 1 };
    case 'gather':
      return { accesses: loop.count * loop.lanes.length, units: loop.count };
    case 'stencil':
      return { accesses: stencilAccesses(loop), units: loop.planes * loop.rows * Math.min(3, loop.columns) };
    case 'gemm':
      return gemmCost(loop);
    case 'random':
    case 'zipf':
    case 'chase':
      return { accesses: loop.count, units: loop.count };
    default:
      return unreachable(loop);
  }
}

/** How often a step or a call runs in its phase, its own repeat not counted. */
export const stepRuns = ({ from, to, every }: Iterations): number =>
  from > to ? 0 : Math.floor((to - from) / every) + 1;

export function stepCost(step: StepPlan): Cost {
  const times = stepRuns(step) * step.repeat;
  const loops = step.loops.map(loopCost);
  return {
    accesses: times * loops.reduce((sum, loop) => sum + loop.accesses, 0),
    // a step without any group does not occur; one more for its begin and end
    units: times * loops.reduce((sum, loop) => sum + loop.units, 1),
  };
}

export const stepsOf = (phase: PhasePlan): readonly StepPlan[] =>
  phase.parts.flatMap((part) => (part.kind === 'step' ? [part] : part.kind === 'concurrently' ? part.steps : []));

/** Cost of all iterations of a phase. */
export function phaseCost(phase: PhasePlan): Cost {
  const steps = stepsOf(phase).map(stepCost);
  const calls = phase.parts.reduce((sum, part) => sum + (part.kind === 'os' ? stepRuns(part) : 0), 0);
  return {
    accesses: steps.reduce((sum, step) => sum + step.accesses, 0),
    units: steps.reduce((sum, step) => sum + step.units, calls),
  };
}
