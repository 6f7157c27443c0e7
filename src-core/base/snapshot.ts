/**
 * The state of everything that can be reached from some objects, saved and put back into the same objects. What is saved
 * is found by walking: fields of objects and instances, elements of arrays, entries of maps and sets, bytes of typed
 * arrays. A new field or class is covered without a line of its own, and identity is preserved: code that held an object
 * before a restore holds the same one after it.
 *
 * The walk does not see variables captured by functions (functions are passed over), module variables and `#private`
 * fields: state of a run must not live there. It refuses generators, promises and weak maps where it meets them.
 */
import { isObject, type Kind, kindOf, putBack, save, type Saved, type SavedFields } from './saved-object';

/** An object that the walk found, and how it was saved last. */
interface Found {
  readonly object: object;
  readonly kind: Kind;
  saved: Saved | null;
  /** Number of the walk that met it last. */
  walk: number;
}

/** State at one moment. Snapshots of one keeper share what did not change between them. */
export interface Snapshot {
  readonly found: readonly Found[];
  readonly saved: readonly Saved[];
  /** Bytes that this snapshot holds and the one before it does not; outside typed arrays an estimate. */
  readonly freshBytes: number;
  /** Bytes of all state, as if nothing were shared. */
  readonly stateBytes: number;
}

/** What a value outside typed arrays counts as, and an object beside its values: bytes on a 64-bit engine. */
const VALUE_BYTES = 8;
const OBJECT_BYTES = 32;

export class StateKeeper {
  private readonly immutable = new Set<object>();
  private readonly known = new Map<object, Found>();
  private walk = 0;

  /**
   * @param roots what can be reached from here is state
   * @param inputs never change, nor what can be reached from them: passed over
   */
  constructor(
    private readonly roots: readonly object[],
    private readonly inputs: readonly object[],
  ) {}

  /** Saves the state, or what changed of it since the snapshot taken or restored last. */
  take(): Snapshot {
    if (this.walk++ === 0) this.findImmutable();
    const found: Found[] = [];
    const saved: Saved[] = [];
    let freshBytes = 0;
    let stateBytes = 0;
    for (const root of this.roots) this.meet(root, found);
    for (let at = 0; at < found.length; at++) {
      const each = found[at]!;
      const before = each.saved;
      const now = save(each.kind, each.object, before);
      each.saved = now;
      saved.push(now);
      const bytes = bytesOf(each, now);
      stateBytes += bytes;
      if (now !== before) freshBytes += 'fresh' in now ? now.fresh : bytes;
      if (!('values' in now)) continue;
      for (let i = 0; i < now.values.length; i++) this.meet(now.values[i], found);
      if (each.kind === 'map') for (let i = 0; i < now.keys.length; i++) this.meet(now.keys[i], found);
    }
    if (this.known.size > found.length)
      for (const [object, { walk }] of this.known) if (walk !== this.walk) this.known.delete(object);
    return { found, saved, freshBytes, stateBytes };
  }

  /** Puts the state back as it was when this keeper took the snapshot. */
  restore({ found, saved }: Snapshot): void {
    for (let at = 0; at < found.length; at++) {
      const each = found[at]!;
      putBack(each.kind, each.object, saved[at]!);
      each.saved = saved[at]!;
      this.known.set(each.object, each);
    }
  }

  private findImmutable(): void {
    this.immutable.add(this);
    for (const root of this.inputs) this.immutable.add(stateOf(root));
    // A set is iterated in the order of insertion, members that are added meanwhile included.
    for (const object of this.immutable)
      if (object !== this)
        for (const child of Object.values(object)) if (isObject(child)) this.immutable.add(stateOf(child));
  }

  /** Takes an object up, once per walk. */
  private meet(value: unknown, found: Found[]): void {
    if (!isObject(value)) return;
    const object = stateOf(value);
    let each = this.known.get(object);
    if (!each) {
      if (this.immutable.has(object)) return;
      each = { object, kind: kindOf(object), saved: null, walk: 0 };
      this.known.set(object, each);
    }
    if (each.walk === this.walk) return;
    each.walk = this.walk;
    found.push(each);
  }
}

/** Views of one buffer share its state. */
const stateOf = (object: object): object => (ArrayBuffer.isView(object) ? object.buffer : object);

function bytesOf({ kind, object }: Found, saved: Saved): number {
  if (kind === 'bytes') return OBJECT_BYTES + (object as ArrayBufferLike).byteLength;
  if (kind === 'positioned') return OBJECT_BYTES;
  const { keys, values } = saved as SavedFields;
  return OBJECT_BYTES + VALUE_BYTES * (values.length + (kind === 'map' ? keys.length : 0));
}
