/**
 * The first touch decides permanently; other processors access the granule over the link: coherent systems with
 * migration off (GH200 ATS), or AccessedBy advice. A CPU that cannot map device memory (PCIe) still pulls the granule
 * back.
 */
import { z } from 'zod';
import { definePolicy } from '../../contracts/policy';

export const firstTouchStayRemote = definePolicy({
  kind: 'migration',
  id: 'first-touch-stay-remote',
  title: 'First touch, then remote',
  summary:
    'A granule stays on the processor that touched it first. Other processors map it and use the link for each access.',
  source: 'First-touch placement on cache-coherent systems (GH200, arXiv 2407.07850); CU_MEM_ADVISE_SET_ACCESSED_BY.',
  params: z.object({}),
  create: () => ({ onFault: () => 'map-remote', counterThreshold: null }),
});
