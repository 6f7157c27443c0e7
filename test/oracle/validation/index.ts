/** Every row of docs/validation.md, in its order. */
import type { ValidationRow } from './row';
import { v1 } from './rows/v1-2dconv';
import { v2 } from './rows/v2-hotspot-prefetchers';
import { v3 } from './rows/v3-hotspot-lru';
import { v4 } from './rows/v4-hotspot-tree';
import { v5 } from './rows/v5-fdtd';
import { v6 } from './rows/v6-eviction-order';
import { v7 } from './rows/v7-access-counters';
import { v8 } from './rows/v8-link-curve';
import { v9 } from './rows/v9-titan-v-batches';
import { v10 } from './rows/v10-oversubscribed-passes';
import { v11 } from './rows/v11-gtx-1080-ti';
import { v12 } from './rows/v12-lru-eviction';

export const validationRows: readonly ValidationRow[] = [v1, v2, v3, v4, v5, v6, v7, v8, v9, v10, v11, v12];
