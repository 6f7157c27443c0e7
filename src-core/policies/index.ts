/** The registry of policies: order is the order in the picker, the first of each kind is the default. */
import type { PolicyEntry } from '../contracts/policy';
import type { PolicyKind } from '../model/scenario';
import { accessLru } from './eviction/access-lru';
import { belady } from './eviction/belady';
import { migratedLru } from './eviction/migrated-lru';
import { random } from './eviction/random';
import { accessCounter } from './migration/access-counter';
import { firstTouchStayRemote } from './migration/first-touch-stay-remote';
import { onFault } from './migration/on-fault';
import { stayOnHost } from './migration/stay-on-host';
import { none } from './prefetch/none';
import { sequential64k } from './prefetch/sequential-64k';
import { tree } from './prefetch/tree';

export const policies: readonly PolicyEntry[] = [
  accessLru,
  migratedLru,
  random,
  belady,
  none,
  sequential64k,
  tree,
  onFault,
  firstTouchStayRemote,
  accessCounter,
  stayOnHost,
];

/** The entry of that kind and id. */
export const findPolicy = (kind: PolicyKind, id: string): PolicyEntry | undefined =>
  policies.find((entry) => entry.kind === kind && entry.id === id);
