/** Parameters of the nvidia-uvm module under their own names, and what the program and the what-ifs add. */
import { z } from 'zod';
import { counterParams } from './counters';
import { faultParams } from './faults';
import { memoryParams } from './memory';
import { prefetchParams } from './prefetch';
import { thrashingParams } from './thrashing';

export const nvidiaUvmParams = z.object({
  ...prefetchParams,
  ...thrashingParams,
  ...faultParams,
  ...counterParams,
  ...memoryParams,
});

export type NvidiaUvmParams = Readonly<z.infer<typeof nvidiaUvmParams>>;
