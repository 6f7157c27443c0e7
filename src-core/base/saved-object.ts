/** How the state of one object is saved and put back, by what kind of object it is. */
import { assert } from './assert';
import type { Plain, Positioned } from './plain';
import { restoreBytes, type SavedBytes, saveBytes } from './saved-bytes';

/** `positioned`: the object says itself what its state is (base/plain.ts). */
export type Kind = 'fields' | 'array' | 'map' | 'set' | 'bytes' | 'positioned';

export interface SavedFields {
  /** Names of fields, keys of a map; empty for arrays and sets. */
  readonly keys: readonly unknown[];
  readonly values: readonly unknown[];
}

export type Saved = SavedFields | SavedBytes | { readonly position: Plain };

const NO_KEYS: readonly unknown[] = [];

export const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;

/** Objects with state that cannot be read or restored. */
const REFUSED = new Set(['Generator', 'AsyncGenerator', 'Promise', 'WeakMap', 'WeakSet', 'WeakRef', 'Map Iterator']);

export function kindOf(object: object): Kind {
  if (Array.isArray(object)) return 'array';
  if (object instanceof Map) return 'map';
  if (object instanceof Set) return 'set';
  const tag = Object.prototype.toString.call(object).slice(8, -1);
  if (tag === 'ArrayBuffer' || tag === 'SharedArrayBuffer') return 'bytes';
  assert(!REFUSED.has(tag), `a ${tag} holds state of a run: it cannot be saved`);
  const { position, seek } = object as Partial<Positioned>;
  return typeof position === 'function' && typeof seek === 'function' ? 'positioned' : 'fields';
}

/** Saves an object; returns `before` itself where nothing changed. */
export function save(kind: Kind, object: object, before: Saved | null): Saved {
  switch (kind) {
    case 'bytes':
      return saveBytes(object as ArrayBufferLike, before as SavedBytes | null);
    case 'positioned':
      return { position: (object as Positioned).position() };
    case 'array':
      return saveValues(NO_KEYS, object as readonly unknown[], before as SavedFields | null);
    case 'map': {
      const map = object as ReadonlyMap<unknown, unknown>;
      return saveValues([...map.keys()], [...map.values()], before as SavedFields | null);
    }
    case 'set':
      return saveValues(NO_KEYS, [...(object as ReadonlySet<unknown>)], before as SavedFields | null);
    case 'fields':
      return saveValues(Object.keys(object), Object.values(object), before as SavedFields | null);
  }
}

/** `values` is copied where it is the object itself: an array. */
function saveValues(keys: readonly unknown[], values: readonly unknown[], before: SavedFields | null): SavedFields {
  const sameKeys = before !== null && isEqual(keys, before.keys);
  if (sameKeys && isEqual(values, before.values)) return before;
  return { keys: sameKeys ? before.keys : keys, values: keys === NO_KEYS ? values.slice() : values };
}

function isEqual(left: readonly unknown[], right: readonly unknown[]): boolean {
  if (left.length !== right.length) return false;
  for (let i = 0; i < left.length; i++) if (!Object.is(left[i], right[i])) return false;
  return true;
}

/** Puts the saved state back into the same object. What did not change is not written. */
export function putBack(kind: Kind, object: object, saved: Saved): void {
  if (kind === 'bytes') restoreBytes(object as ArrayBufferLike, saved as SavedBytes);
  else if (kind === 'positioned') (object as Positioned).seek((saved as { readonly position: Plain }).position);
  else {
    const { keys, values } = saved as SavedFields;
    if (kind === 'array') putElements(object as unknown[], values);
    else if (kind === 'map') putEntries(object as Map<unknown, unknown>, keys, values);
    else if (kind === 'set') putMembers(object as Set<unknown>, values);
    else putFields(object as Record<string, unknown>, keys as readonly string[], values);
  }
}

function putElements(array: unknown[], values: readonly unknown[]): void {
  array.length = values.length;
  for (let i = 0; i < values.length; i++) if (!Object.is(array[i], values[i])) array[i] = values[i];
}

/** In the saved order, because iteration over a map or set depends on it. */
function putEntries(map: Map<unknown, unknown>, keys: readonly unknown[], values: readonly unknown[]): void {
  if (isEqual([...map.keys()], keys) && isEqual([...map.values()], values)) return;
  map.clear();
  for (let i = 0; i < keys.length; i++) map.set(keys[i], values[i]);
}

function putMembers(set: Set<unknown>, values: readonly unknown[]): void {
  if (isEqual([...set], values)) return;
  set.clear();
  for (const value of values) set.add(value);
}

function putFields(object: Record<string, unknown>, names: readonly string[], values: readonly unknown[]): void {
  const present = Object.keys(object);
  if (!isEqual(present, names))
    for (const name of present) if (!names.includes(name)) Reflect.deleteProperty(object, name);
  for (let i = 0; i < names.length; i++) {
    const name = names[i]!;
    if (!Object.is(object[name], values[i])) object[name] = values[i];
  }
}
