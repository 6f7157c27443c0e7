/** The registry of bounds; the order is the order of tables: what can be read off first, first. */
import { belady } from './belady';
import type { Bound } from './bound';
import { infiniteMemory } from './infinite-memory';
import { linkFloor } from './link-floor';
import { noMigration } from './no-migration';
import { perfectPrefetch } from './perfect-prefetch';

export const bounds: readonly Bound[] = [belady, infiniteMemory, perfectPrefetch, linkFloor, noMigration];
