import { defineSystem } from '../../contracts/memory-system';
import type { MemoryKit } from '../../kit/memory-system';
import { uvmsmartParams } from './params';
import { createUvmsmart } from './mechanics/create';

export const uvmsmart = defineSystem({
  id: 'uvmsmart',
  letter: '',
  title: 'UVMSmart (GPGPU-Sim)',
  summary:
    'A model of the simulator as its authors ran it: tree prefetch and pre-eviction on blocks of 64 KiB, zero-copy by access counters, fault latency added after the run.',
  source:
    'DebashisGanguly/gpgpu-sim_UVMSmart; Ganguly et al., ISCA 2019, IPDPS 2020, DATE 2021. Options under the simulator’s own names; GDDR size, link and launch cost are the machine’s',
  movement: 'on-demand',
  params: uvmsmartParams,
  create(params, machine, kit: MemoryKit) {
    return createUvmsmart(params, { ...kit, machine });
  },
});
