/** One access as written (`{ read: u, pattern: strided, stride: 16 }`) → lane or points with bytes and counts. */
import { formatCount, parseBytes } from '../base/units';
import { type AccessOp, ATOMIC, READ, READ_WRITE, WRITE } from '../model/processor';
import { MAX_INDEXED_ELEMENTS, MAX_PERMUTED_ELEMENTS, MAX_PLACED_PROBLEMS } from './limits';
import { suggest } from './nearest';
import type { Path, Problem } from './problems';
import { parseElement } from './resolve-objects';
import type { AccessData } from './schema';
import type { Views } from './views';
import type { Direction, LanePlan, PointsPlan, WorkloadObject } from './workload';

/** What a loop can name, and where problems go. */
export interface Scope {
  readonly objects: ReadonlyMap<string, WorkloadObject | null>;
  readonly indexOf: ReadonlyMap<string, number>;
  readonly problems: Problem[];
  /** Whose memory the names stand for. */
  readonly process: string;
  readonly views: Views;
}

export interface NamedObject {
  readonly index: number;
  readonly spec: WorkloadObject;
}

/** The nearest object name; a file with very many wrong names gets no suggestions for the later ones. */
export function suggestObject(objects: Scope['objects'], name: string, problems: readonly Problem[]): string {
  return problems.length < MAX_PLACED_PROBLEMS ? suggest(name, [...objects.keys()]) : 'use a name from "objects"';
}

/** The object of a name; null (with a problem, unless the object itself has one) when there is none. */
export function findObject(scope: Scope, name: string, path: Path): NamedObject | null {
  const spec = scope.objects.get(name);
  if (spec) return { index: scope.views.index(scope.process, scope.indexOf.get(name) ?? 0), spec };
  if (spec === undefined)
    scope.problems.push({
      kind: 'unknown-object',
      message: `there is no object "${name}"; ${suggestObject(scope.objects, name, scope.problems)}`,
      path,
    });
  return null;
}

export const VERBS = ['read', 'write', 'readwrite', 'atomic'] as const;
const OP_OF: Readonly<Record<(typeof VERBS)[number], AccessOp>> = {
  read: READ,
  write: WRITE,
  readwrite: READ_WRITE,
  atomic: ATOMIC,
};

/** Keys that go with a pattern, besides the verb, `pattern`, the range and `element`. */
const KEYS_OF = {
  sequential: ['direction'],
  reverse: [],
  strided: ['stride', 'direction'],
  random: ['count', 'index'],
  zipf: ['count', 's', 'placement'],
  chase: ['passes'],
} as const;
const PATTERN_KEYS = ['direction', 'stride', 'count', 'index', 's', 'placement', 'passes'] as const;
const patternsWith = (key: string): readonly string[] =>
  Object.entries<readonly string[]>(KEYS_OF).flatMap(([pattern, keys]) => (keys.includes(key) ? [pattern] : []));

export type ResolvedAccess =
  | { readonly kind: 'lane'; readonly lane: LanePlan; readonly count: number }
  | { readonly kind: 'points'; readonly points: PointsPlan };

/**
 * null where something is wrong. `direction` is what an enclosing `together` says, `inLockStep` that there is one: random
 * accesses then make as many as the others. `stream` names random numbers.
 */
export function resolveAccess(
  data: AccessData,
  path: Path,
  scope: Scope,
  stream: string,
  direction: Direction = 'forward',
  inLockStep = false,
): ResolvedAccess | null {
  const wrong = (kind: string, message: string, key?: string, atKey = false): null => {
    scope.problems.push({ kind, message, path: key === undefined ? path : [...path, key], atKey });
    return null;
  };
  const verbs = VERBS.filter((verb) => data[verb] !== undefined);
  const verb = verbs[0];
  if (verb === undefined)
    return wrong('missing-key', `does nothing; expected one of ${VERBS.join(', ')}, such as { read: u }`);
  if (verbs[1])
    return wrong('wrong-value', `"${verb}" and "${verbs[1]}" in one access; make two of them`, verbs[1], true);
  const pattern = data.pattern ?? 'sequential';
  const stray = PATTERN_KEYS.find((key) => data[key] !== undefined && !patternsWith(key).includes(pattern));
  if (stray !== undefined) {
    const places = patternsWith(stray).join(' or ');
    return wrong('wrong-key', `"${stray}" is only for pattern ${places}; the pattern here is ${pattern}`, stray, true);
  }
  const target = findObject(scope, data[verb] ?? '', [...path, verb]);
  const range = target && resolveRange(data, target.spec, path, scope.problems);
  if (!target || !range) return null;
  const { first, width, elements } = range;
  const op = OP_OF[verb];

  if (pattern === 'sequential' || pattern === 'reverse' || pattern === 'strided') {
    if (pattern === 'strided' && data.stride === undefined)
      return wrong('missing-key', 'pattern strided needs "stride", in elements, such as stride: 16');
    const stride = data.stride ?? 1;
    const lane: LanePlan = {
      object: target.index,
      op,
      first,
      stride: stride * width,
      bytes: width,
      direction: pattern === 'reverse' ? 'reverse' : (data.direction ?? direction),
    };
    return { kind: 'lane', lane, count: Math.ceil(elements / stride) };
  }

  const limit = pattern === 'chase' || pattern === 'zipf' ? MAX_PERMUTED_ELEMENTS : MAX_INDEXED_ELEMENTS;
  if (elements > limit)
    return wrong(
      'limit',
      `pattern ${pattern} over ${formatCount(elements)} elements; at most ${formatCount(limit)}. Use larger elements or a part of the object`,
      'pattern',
    );
  if (data.index !== undefined && !inLockStep)
    return wrong('wrong-key', '"index" is only for accesses in lock step, in "together"', 'index', true);
  if (pattern !== 'chase' && data.count === undefined && !(pattern === 'random' && inLockStep))
    return wrong('missing-key', `pattern ${pattern} needs "count", the number of accesses, such as count: 65536`);
  const points: PointsPlan = {
    kind: pattern,
    object: target.index,
    op,
    first,
    bytes: width,
    elements,
    count: pattern === 'chase' ? elements * (data.passes ?? 1) : (data.count ?? 0),
    stream,
    exponent: pattern === 'zipf' ? (data.s ?? 1) : 0,
    hashed: pattern === 'zipf' && data.placement !== 'sorted',
  };
  return { kind: 'points', points };
}

interface Range {
  /** Bytes from the start of the object. */
  readonly first: number;
  /** Bytes of one access. */
  readonly width: number;
  readonly elements: number;
}

/** The part of an object that `bytes`, `elements` or `part` choose; all of it when none does. */
export function resolveRange(
  data: Pick<AccessData, 'bytes' | 'elements' | 'part' | 'element'>,
  object: WorkloadObject,
  path: Path,
  problems: Problem[],
): Range | null {
  const wrong = (message: string, key: string): null => {
    problems.push({ kind: 'wrong-range', message, path: [...path, key] });
    return null;
  };
  let width = object.elementBytes;
  if (data.element !== undefined) {
    const element = parseElement(data.element);
    if (!element.ok) return wrong(element.error, 'element');
    width = element.value;
  }
  const given = (['bytes', 'elements', 'part'] as const).filter((key) => data[key] !== undefined);
  if (given[1]) return wrong(`both "${given[0]}" and "${given[1]}" select a part; keep one of them`, given[1]);

  if (data.bytes) {
    const [from, to] = data.bytes.map(toBytes) as [number | string, number | string];
    if (typeof from === 'string') return wrong(from, 'bytes');
    if (typeof to === 'string') return wrong(to, 'bytes');
    if (from >= to || to > object.bytes)
      return wrong(
        `[${from}, ${to}) is not inside ${object.name}; expected 0 ≤ from < to ≤ ${object.bytes} (bytes)`,
        'bytes',
      );
    if ((to - from) % width !== 0)
      return wrong(
        `${to - from} bytes are not a whole number of accesses of ${width} bytes; change the range or give "element"`,
        'bytes',
      );
    return { first: from, width, elements: (to - from) / width };
  }
  const all = object.bytes / width;
  if (!Number.isInteger(all))
    return wrong(
      `${object.name} has ${object.bytes} bytes, not a whole number of accesses of ${width} bytes; choose a part with "bytes"`,
      'element',
    );
  if (data.elements) {
    const [from, to] = data.elements;
    if (from >= to || to > all)
      return wrong(
        `[${from}, ${to}) is not inside ${object.name}; expected 0 ≤ from < to ≤ ${all} (elements)`,
        'elements',
      );
    return { first: from * width, width, elements: to - from };
  }
  if (data.part) {
    const [from, to] = data.part.map((fraction) => Math.floor(fraction * all)) as [number, number];
    if (from >= to)
      return wrong(
        `part [${data.part.join(', ')}) of ${all} elements is empty; expected 0 ≤ from < to ≤ 1, further apart`,
        'part',
      );
    return { first: from * width, width, elements: to - from };
  }
  return { first: 0, width, elements: all };
}

/** Bytes from the start, or what is wrong with the text. */
function toBytes(value: number | string): number | string {
  if (typeof value === 'number')
    return Number.isSafeInteger(value) && value >= 0
      ? value
      : `${value} is not a byte offset; expected a whole number from 0`;
  const parsed = parseBytes(value);
  return parsed.ok ? parsed.value : parsed.error;
}
