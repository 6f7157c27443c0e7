/** Accesses in lock step, as written → a group of lanes; or, where some draw their element, a gather. */
import { formatCount } from '../base/units';
import { GROUP_LANES } from '../contracts/access-stream';
import type { Path, Problem } from './problems';
import { resolveAccess, type Scope } from './resolve-access';
import type { AccessData } from './schema';
import type { Direction, GatherLane, GatherPlan, LanePlan, PointsPlan, RunPlan } from './workload';

interface LaneOfGroup {
  readonly lane: LanePlan;
  readonly count: number;
}
type Together = LaneOfGroup | { readonly points: PointsPlan; readonly count: number };

export const tooManyLanes = (lanes: number, path: Path): Problem => ({
  kind: 'limit',
  message: `${lanes} accesses in lock step; at most ${GROUP_LANES}. Make two loops of them`,
  path,
});

/** Plain lanes only: the further accesses of a stencil. */
export function resolveLanes(
  list: readonly AccessData[],
  path: Path,
  scope: Scope,
  direction: Direction,
): LaneOfGroup[] | null {
  const lanes: LaneOfGroup[] = [];
  for (const [index, data] of list.entries()) {
    const access = resolveAccess(data, [...path, index], scope, '', direction);
    if (access?.kind === 'lane') lanes.push(access);
    else if (access) scope.problems.push(noPlace(access.points, [...path, index], 'sequential, reverse or strided'));
  }
  return lanes.length === list.length ? lanes : null;
}

const noPlace = ({ kind }: PointsPlan, path: Path, expected: string): Problem => ({
  kind: 'wrong-value',
  message: `pattern ${kind} is not allowed in lock step; expected ${expected}`,
  path: [...path, 'pattern'],
});

/** @param stream names the random numbers of the loop */
export function resolveTogether(
  list: readonly AccessData[],
  path: Path,
  scope: Scope,
  stream: string,
  direction: Direction,
): RunPlan | GatherPlan | null {
  if (list.length > GROUP_LANES) {
    scope.problems.push(tooManyLanes(list.length, path));
    return null;
  }
  const found: Together[] = [];
  for (const [index, data] of list.entries()) {
    const here = [...path, index];
    const access = resolveAccess(data, here, scope, `${stream}/${data.index ?? index + 1}`, direction, true);
    if (access?.kind === 'lane') found.push(access);
    else if (access?.points.kind === 'random') found.push({ points: access.points, count: access.points.count });
    else if (access) scope.problems.push(noPlace(access.points, here, 'sequential, reverse, strided or random'));
  }
  if (found.length < list.length) return null;
  const count = iterationsOf(found, path, scope);
  if (count === null) return null;
  const lanes = found.flatMap((each) => ('lane' in each ? [each.lane] : []));
  return lanes.length === found.length ? { kind: 'run', count, lanes } : gatherOf(found, list, count, path, scope);
}

/** Equally many for all; random accesses that give no count make as many as the others. */
function iterationsOf(found: readonly Together[], path: Path, scope: Scope): number | null {
  const count = found.find((each) => each.count > 0)?.count;
  if (count === undefined) {
    scope.problems.push({
      kind: 'missing-key',
      message: 'only draws random elements; give one of them "count", the number of accesses, such as count: 65536',
      path,
    });
    return null;
  }
  const odd = found.findIndex((each) => each.count > 0 && each.count !== count);
  if (odd < 0) return count;
  scope.problems.push({
    kind: 'unequal-lanes',
    message: `makes ${formatCount(found[odd]?.count ?? 0)} accesses, the first of the group ${formatCount(count)}; accesses in lock step must be equally many`,
    path: [...path, odd],
  });
  return null;
}

/** Accesses with the same `index` draw the same element number. */
function gatherOf(
  found: readonly Together[],
  list: readonly AccessData[],
  count: number,
  path: Path,
  scope: Scope,
): GatherPlan | null {
  const draws: { elements: number; stream: string }[] = [];
  const lanes: GatherLane[] = [];
  for (const [at, each] of found.entries()) {
    if ('lane' in each) {
      lanes.push({ ...each.lane, draw: -1 });
      continue;
    }
    const { object, op, first, bytes, elements, stream } = each.points;
    let draw = draws.findIndex((known) => known.stream === stream);
    if (draw < 0) draw = draws.push({ elements, stream }) - 1;
    if (draws[draw]!.elements !== elements) {
      scope.problems.push({
        kind: 'unequal-lanes',
        message: `draws "${list[at]?.index ?? ''}" from ${formatCount(elements)} elements, the first of that name from ${formatCount(draws[draw]!.elements)}; expected equally many`,
        path: [...path, at, 'index'],
      });
      return null;
    }
    lanes.push({ object, op, first, stride: bytes, bytes, direction: 'forward', draw });
  }
  return { kind: 'gather', count, lanes, draws };
}
