/** Objects as written → sizes, shapes and elements in numbers. */
import { formatCount, MIB, parseBytes } from '../base/units';
import { err, ok, type Result } from '../base/result';
import { MAX_OBJECTS, VA_BLOCK_BYTES } from '../model/space';
import { MAX_ELEMENT_BYTES, MAX_OBJECT_BYTES } from './limits';
import { suggest } from './nearest';
import type { Path, Problem } from './problems';
import type { ObjectData } from './schema';
import type { WorkloadObject } from './workload';

const ELEMENT_TYPES: ReadonlyMap<string, number> = new Map([
  ['i8', 1],
  ['i16', 2],
  ['i32', 4],
  ['i64', 8],
  ['u8', 1],
  ['u16', 2],
  ['u32', 4],
  ['u64', 8],
  ['f32', 4],
  ['f64', 8],
]);

/** Width in bytes of `f64`, `i8` … or of a size such as `128B`. */
export function parseElement(text: string): Result<number, string> {
  const known = ELEMENT_TYPES.get(text);
  if (known !== undefined) return ok(known);
  if (!/^\s*[0-9]/.test(text))
    return err(
      `"${text}" is not an element type; ${suggest(text, [...ELEMENT_TYPES.keys()])}, or a size such as "128B"`,
    );
  const size = parseBytes(text);
  if (!size.ok) return size;
  if (size.value < 1 || size.value > MAX_ELEMENT_BYTES)
    return err(`an element of ${formatCount(size.value)} bytes; expected 1 B to ${MAX_ELEMENT_BYTES / MIB} MiB`);
  return ok(size.value);
}

const tooLarge = (bytes: number): string =>
  `${formatCount(bytes)} bytes; at most 2^47 (${formatCount(MAX_OBJECT_BYTES)}), the user half of a 48-bit address space. Make it smaller`;

/** null where something is wrong with the object; what, is in `problems`. */
function resolveObject(name: string, data: ObjectData, path: Path, problems: Problem[]): WorkloadObject | null {
  const wrong = (kind: string, message: string, ...below: string[]): null => {
    problems.push({ kind, message, path: [...path, ...below], atKey: below.length === 0 });
    return null;
  };
  if (!/^[A-Za-z_][A-Za-z0-9_-]{0,63}$/.test(name))
    return wrong(
      'bad-name',
      `"${name.slice(0, 64)}" is not an object name; expected a letter or _, then up to 63 letters, digits, _ or -`,
    );
  const element = parseElement(data.element);
  if (!element.ok) return wrong('wrong-value', element.error, 'element');
  const elementBytes = element.value;

  let elements = data.elements;
  if (data.size !== undefined) {
    if (elements !== undefined)
      return wrong('wrong-value', 'both "size" and "elements" are given; keep one of them', 'elements');
    const size = parseBytes(data.size);
    if (!size.ok) return wrong('wrong-value', size.error, 'size');
    if (size.value > MAX_OBJECT_BYTES) return wrong('limit', `object of ${tooLarge(size.value)}`, 'size');
    if (size.value === 0 || size.value % elementBytes !== 0)
      return wrong(
        'wrong-value',
        `${formatCount(size.value)} bytes are not a whole number of elements of ${elementBytes} bytes; expected a multiple, such as ${formatCount(Math.max(elementBytes, Math.ceil(size.value / elementBytes) * elementBytes))}`,
        'size',
      );
    elements = size.value / elementBytes;
  }

  const shape = data.layout === 'matrix' ? matrixShape(data, elements) : arrayShape(data, elements);
  if (!shape.ok)
    return wrong(
      shape.error.below.length > 0 ? 'wrong-value' : 'missing-key',
      shape.error.message,
      ...shape.error.below,
    );
  const { planes, rows, columns } = shape.value;
  const bytes = planes * rows * columns * elementBytes;
  if (bytes > MAX_OBJECT_BYTES)
    return wrong('limit', `object of ${tooLarge(bytes)}`, data.elements === undefined ? 'columns' : 'elements');
  const { layout, initially, map: mapping, advice } = data;
  return {
    ...{ name, bytes, elementBytes, elements: bytes / elementBytes, layout, planes, rows, columns, initially },
    ...(mapping !== undefined && { mapping }),
    ...(advice !== undefined && { advice }),
  };
}

interface Shape {
  readonly planes: number;
  readonly rows: number;
  readonly columns: number;
}
type ShapeResult = Result<Shape, { readonly message: string; readonly below: readonly string[] }>;
const misshaped = (message: string, ...below: string[]): ShapeResult => err({ message, below });

function arrayShape(data: ObjectData, elements: number | undefined): ShapeResult {
  for (const key of ['rows', 'columns', 'planes'] as const)
    if (data[key] !== undefined) return misshaped(`"${key}" is only for layout matrix; this is ${data.layout}`, key);
  if (elements === undefined) return misshaped('has no size; give "size" (such as 32MiB) or "elements"');
  return ok({ planes: 1, rows: 1, columns: elements });
}

function matrixShape(data: ObjectData, elements: number | undefined): ShapeResult {
  const planes = data.planes ?? 1;
  const { rows, columns } = data;
  if (elements === undefined) {
    if (rows === undefined || columns === undefined)
      return misshaped('has no size; give "size" or "elements" and "columns", or both "rows" and "columns"');
    return ok({ planes, rows, columns });
  }
  if (rows === undefined && columns === undefined)
    return misshaped('is a matrix without a shape; give "columns" (or "rows")');
  const known = planes * (columns ?? 1) * (rows ?? 1);
  const other = elements / known;
  const text = [data.planes && `${planes} planes`, rows && `${rows} rows`, columns && `${columns} columns`];
  if (!Number.isInteger(other) || (rows !== undefined && columns !== undefined && other !== 1))
    return misshaped(
      `${text.filter(Boolean).join(' × ')} do not give ${formatCount(elements)} elements`,
      columns === undefined ? 'rows' : 'columns',
    );
  return ok({ planes, rows: rows ?? other, columns: columns ?? other });
}

/** Objects of further processes count like those of the file: one page table entry and one counter row each. */
export function checkViews(objects: readonly WorkloadObject[], problems: Problem[]): void {
  const limit = (message: string): void => {
    problems.push({ kind: 'limit', message, path: ['objects'], atKey: true });
  };
  if (objects.length > MAX_OBJECTS)
    limit(
      `${formatCount(objects.length)} objects with those of all processes; at most ${formatCount(MAX_OBJECTS)}. Let fewer processes use fewer of them`,
    );
  const total = objects.reduce((sum, { bytes }) => sum + Math.ceil(bytes / VA_BLOCK_BYTES) * VA_BLOCK_BYTES, 0);
  if (total > MAX_OBJECT_BYTES) limit(`the objects of all processes take ${tooLarge(total)}`);
}

/** All objects in file order; null stands for one that has problems. */
export function resolveObjects(
  data: Readonly<Record<string, ObjectData>>,
  problems: Problem[],
): ReadonlyMap<string, WorkloadObject | null> {
  // Names never look like integers, so that the order of the keys is the order of the file.
  const entries = Object.entries(data);
  if (entries.length === 0)
    problems.push({ kind: 'wrong-value', message: 'there are no objects; give at least one', path: ['objects'] });
  if (entries.length > MAX_OBJECTS) {
    problems.push({
      kind: 'limit',
      message: `${formatCount(entries.length)} objects; at most ${formatCount(MAX_OBJECTS)}. Put small ones together in one object`,
      path: ['objects'],
      atKey: true,
    });
    return new Map(entries.map(([name]) => [name, null]));
  }
  const objects = new Map<string, WorkloadObject | null>();
  let total = 0;
  for (const [name, object] of entries) {
    const resolved = resolveObject(name, object, ['objects', name], problems);
    objects.set(name, resolved);
    total += resolved ? Math.ceil(resolved.bytes / VA_BLOCK_BYTES) * VA_BLOCK_BYTES : 0;
  }
  if (total > MAX_OBJECT_BYTES)
    problems.push({ kind: 'limit', message: `the objects take ${tooLarge(total)}`, path: ['objects'], atKey: true });
  return objects;
}
