/**
 * Nothing migrates: memory is populated on the host by any first touch, and devices access it over the link. The driver
 * does this for memory whose preferred location is the host and which the device is said to access.
 */
import { z } from 'zod';
import { definePolicy } from '../../contracts/policy';

export const stayOnHost = definePolicy({
  kind: 'migration',
  id: 'stay-on-host',
  title: 'Stay on the host',
  summary: 'All memory stays on the host. Devices use the link for each access.',
  source:
    'CU_MEM_ADVISE_SET_PREFERRED_LOCATION to the host with CU_MEM_ADVISE_SET_ACCESSED_BY for the device (CUDA driver API).',
  params: z.object({}),
  create: () => ({ onFault: () => 'map-remote', counterThreshold: null, populates: 'host' }),
});
