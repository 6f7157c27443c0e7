/** Loops as written → plans: single accesses, lock-step groups, stencils and tiled matrix products. */
import { formatCount } from '../base/units';
import { GROUP_LANES } from '../contracts/access-stream';
import { READ, READ_WRITE, WRITE } from '../model/processor';
import type { Path } from './problems';
import { findObject, resolveAccess, type Scope, VERBS } from './resolve-access';
import { resolveLanes, resolveTogether, tooManyLanes } from './resolve-together';
import type { GemmData, LoopData, StencilData } from './schema';
import type { Direction, GemmPlan, LanePlan, LoopPlan, MatrixPlan, StencilPlan, WorkloadObject } from './workload';

const KERNELS = ['together', 'stencil', 'gemm'] as const;

/** null where something is wrong; what, is in scope.problems. */
export function resolveLoop(data: LoopData, path: Path, scope: Scope, stream: string): LoopPlan | null {
  const kernels = KERNELS.filter((key) => data[key] !== undefined);
  const kernel = kernels[0];
  if (kernel === undefined) {
    if (VERBS.every((verb) => data[verb] === undefined)) {
      scope.problems.push({
        kind: 'missing-key',
        message: `does nothing; expected one of ${[...VERBS, ...KERNELS].join(', ')}, such as { read: u }`,
        path,
      });
      return null;
    }
    const access = resolveAccess(data, path, scope, stream);
    if (!access) return null;
    return access.kind === 'points' ? access.points : { kind: 'run', count: access.count, lanes: [access.lane] };
  }
  const takesDirection = kernel !== 'gemm';
  for (const key of Object.keys(data) as (keyof LoopData)[])
    if (key !== kernel && !(takesDirection && key === 'direction') && data[key] !== undefined) {
      scope.problems.push({
        kind: 'wrong-key',
        message: `"${key}" is not allowed with "${kernel}"; ${takesDirection ? 'only "direction" is' : 'make it a loop of its own'}`,
        path: [...path, key],
        atKey: true,
      });
      return null;
    }
  const direction = data.direction ?? 'forward';
  if (data.together) return resolveTogether(data.together, [...path, 'together'], scope, stream, direction);
  if (data.stencil) return resolveStencil(data.stencil, [...path, 'stencil'], scope, direction);
  return data.gemm ? resolveGemm(data.gemm, [...path, 'gemm'], scope) : null;
}

/** Neighbours as plane, row, column; ascending in memory. */
const NEIGHBOURS: Readonly<Record<StencilData['points'], readonly (readonly [number, number, number])[]>> = {
  3: [
    [0, 0, -1],
    [0, 0, 0],
    [0, 0, 1],
  ],
  5: [
    [0, -1, 0],
    [0, 0, -1],
    [0, 0, 0],
    [0, 0, 1],
    [0, 1, 0],
  ],
  7: [
    [-1, 0, 0],
    [0, -1, 0],
    [0, 0, -1],
    [0, 0, 0],
    [0, 0, 1],
    [0, 1, 0],
    [1, 0, 0],
  ],
  9: [
    [0, -1, -1],
    [0, -1, 0],
    [0, -1, 1],
    [0, 0, -1],
    [0, 0, 0],
    [0, 0, 1],
    [0, 1, -1],
    [0, 1, 0],
    [0, 1, 1],
  ],
};

function resolveStencil(data: StencilData, path: Path, scope: Scope, direction: Direction): StencilPlan | null {
  const wrong = (kind: string, message: string, key: string): null => {
    scope.problems.push({ kind, message, path: [...path, key] });
    return null;
  };
  const read = findObject(scope, data.read, [...path, 'read']);
  const write = findObject(scope, data.write, [...path, 'write']);
  const also = resolveLanes(data.also ?? [], [...path, 'also'], scope, 'forward');
  if (!read || !write || !also) return null;
  const { spec } = read;
  if (data.points !== 3 && spec.layout !== 'matrix')
    return wrong(
      'wrong-value',
      `${data.points} points need a matrix; ${spec.name} is ${spec.layout}. Give it layout: matrix and columns`,
      'points',
    );
  if (data.points === 7 ? spec.planes < 2 : data.points !== 3 && spec.planes > 1)
    return wrong(
      'wrong-value',
      `${data.points} points do not fit ${spec.name}, which has ${spec.planes} planes; expected 5 or 9 for one plane, 7 for more`,
      'points',
    );
  if (write.spec.elements !== spec.elements)
    return wrong(
      'unequal-lanes',
      `${write.spec.name} has ${formatCount(write.spec.elements)} elements, ${spec.name} ${formatCount(spec.elements)}; expected equally many`,
      'write',
    );
  for (const [index, entry] of also.entries())
    if (entry.count !== spec.elements || entry.lane.direction !== 'forward' || entry.lane.stride !== entry.lane.bytes) {
      scope.problems.push({
        kind: 'unequal-lanes',
        message: `expected a plain access to ${formatCount(spec.elements)} elements in order, as many as ${spec.name} has`,
        path: [...path, 'also', index],
      });
      return null;
    }
  if (also.length + 1 + data.points > GROUP_LANES) {
    scope.problems.push(tooManyLanes(also.length + 1 + data.points, [...path, 'also']));
    return null;
  }
  const linear = data.points === 3;
  return {
    kind: 'stencil',
    planes: linear ? 1 : spec.planes,
    rows: linear ? 1 : spec.rows,
    columns: linear ? spec.elements : spec.columns,
    neighbours: NEIGHBOURS[data.points].map(([plane, row, column]) => ({ plane, row, column })),
    read: wholeLane(read.index, spec, READ),
    lanes: [wholeLane(write.index, write.spec, WRITE), ...also.map((entry) => entry.lane)],
    direction,
  };
}

const wholeLane = (object: number, spec: WorkloadObject, op: LanePlan['op']): LanePlan => ({
  object,
  op,
  first: 0,
  stride: spec.elementBytes,
  bytes: spec.elementBytes,
  direction: 'forward',
});

function resolveGemm(data: GemmData, path: Path, scope: Scope): GemmPlan | null {
  const m = data.m ?? data.n;
  const k = data.k ?? data.n;
  const matrix = (key: 'a' | 'b' | 'c', rows: number, columns: number): MatrixPlan | null => {
    const found = findObject(scope, data[key], [...path, key]);
    if (!found) return null;
    const { spec } = found;
    const row = spec.layout === 'matrix' ? spec.columns : columns;
    const fits =
      spec.layout === 'matrix' ? spec.planes * spec.rows >= rows && row >= columns : spec.elements >= rows * columns;
    if (!fits) {
      const has =
        spec.layout === 'matrix'
          ? `${spec.planes * spec.rows} × ${spec.columns}`
          : `${formatCount(spec.elements)} elements`;
      scope.problems.push({
        kind: 'wrong-range',
        message: `${spec.name} has ${has}; the product needs ${rows} × ${columns}`,
        path: [...path, key],
      });
      return null;
    }
    return { object: found.index, bytes: spec.elementBytes, pitch: row * spec.elementBytes };
  };
  const a = matrix('a', m, k);
  const b = matrix('b', k, data.n);
  const c = matrix('c', m, data.n);
  if (!a || !b || !c) return null;
  return { kind: 'gemm', m, n: data.n, k, tile: data.tile, a, b, c, cOp: data.beta === 0 ? WRITE : READ_WRITE };
}
