/** What this tab had open, so that a reload shows it again instead of what the server starts with. */
import type { OpenTarget } from '../../src-core/model/target';
import type { RunOptions } from '../../src-core/protocol/parameters';

/** What was opened and how. */
export interface Opened {
  readonly target: OpenTarget;
  readonly options: RunOptions;
}

const KEY = 'faultline.opened';
const TARGETS = ['path', 'example', 'upload'];

export interface TabMemory {
  keep(opened: Opened): void;
  /** null: nothing was kept, or it cannot be read. */
  recall(): Opened | null;
  forget(): void;
}

function isOpened(value: unknown): value is Opened {
  if (typeof value !== 'object' || value === null) return false;
  const { target, options } = value as { target?: { kind?: unknown } | null; options?: unknown };
  return TARGETS.includes(String(target?.kind)) && typeof options === 'object' && options !== null;
}

export function createTabMemory(storage: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>): TabMemory {
  return {
    keep: (opened) => storage.setItem(KEY, JSON.stringify(opened)),
    recall() {
      try {
        const value: unknown = JSON.parse(storage.getItem(KEY) ?? 'null');
        return isOpened(value) ? value : null;
      } catch {
        return null; // written by hand or by another version: worth no message
      }
    },
    forget: () => storage.removeItem(KEY),
  };
}
