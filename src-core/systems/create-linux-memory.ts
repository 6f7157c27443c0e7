/** Which backend a memory system runs on, and with what. */
import { MIB, PS_PER_MS } from '../base/units';
import type { SystemChoice } from '../model/memory-system';
import { PAGE_BYTES } from '../kernel/page';
import type { MemoryConfig } from '../kit/memory-system';
import type { Backend } from '../kit/linux/backend';
import { AtsBackend, type AtsOptions } from './gh-ats/mechanics/backend';
import { AmdSvmBackend } from './amd-svm/mechanics/backend';
import type { AmdSvmOptions } from './amd-svm/mechanics/options';
import { CopyBackend } from './copy/mechanics/backend';
import { DaxBackend } from './dax/mechanics/backend';
import { HmmBackend, type HmmOptions } from './hmm/mechanics/backend';
import { HostBackend } from './host/mechanics/backend';
import { NodeBackend, type NodeOptions } from './coherent/mechanics/node';
import { Mi300aBackend, type Mi300aOptions } from './mi300a/mechanics/backend';
import { XeSvmBackend } from './xe-svm/mechanics/backend';
import type { XeSvmOptions } from './xe-svm/mechanics/options';
import { LinuxMemory } from '../kit/linux/linux-memory';

/** @param chunkBytes the driver's migration unit: the run's granularity */
export function createLinuxMemory(system: SystemChoice, config: MemoryConfig, chunkBytes: number): LinuxMemory {
  const backendWith = (params: SystemChoice['params']): Backend => backendOf({ ...system, params }, chunkBytes);
  return new LinuxMemory(system, backendWith, { ...config, granuleBytes: PAGE_BYTES });
}

/** A node that nothing moves on its own. */
const STILL: NodeOptions = {
  placement: 'first-touch',
  balancing: false,
  scanPeriodMs: 1000,
  counterThreshold: 0,
  kernelAllocations: false,
  emergency: false,
  tiering: null,
};

/** A mirror of host memory, without migration. */
const mirrorOptions = (chunkBytes: number): HmmOptions => ({
  migrates: false,
  fileBacked: false,
  exclusiveAtomics: true,
  windowPages: (512 * MIB) / PAGE_BYTES,
  chunkPages: chunkBytes / PAGE_BYTES,
});

function backendOf({ id, params }: SystemChoice, chunkBytes: number): Backend {
  const [on, number] = [(name: string) => params[name] === true, (name: string) => params[name] as number];
  const mirror = mirrorOptions(chunkBytes);
  const node = (): NodeOptions => ({
    ...STILL,
    balancing: on('numaBalancing'),
    scanPeriodMs: number('scanPeriodMs'),
    counterThreshold: number('accessCounters'),
    kernelAllocations: on('kernelAllocations'),
    emergency: on('emergency'),
  });
  switch (id) {
    case 'hmm':
      return new HmmBackend({
        ...mirror,
        migrates: true,
        fileBacked: on('fileBackedMigration'),
        exclusiveAtomics: on('exclusiveAtomics'),
        windowPages: (number('windowMib') * MIB) / PAGE_BYTES,
      });
    case 'coherent':
      return new NodeBackend(node());
    case 'zone':
      return new NodeBackend({ ...node(), placement: 'explicit' });
    case 'dax':
      return new DaxBackend();
    case 'copy':
      return new CopyBackend({
        copyOut: params['copyOut'] as 'written' | 'all' | 'never',
        doubleBuffering: on('doubleBuffering'),
        pointerBytes: number('pointerBytes'),
      });
    case 'host':
      return new HostBackend(mirror, params['mode'] === 'pinned', pinLimit(number('pinLimit')));
    case 'off':
      return params['base'] === 'hmm' ? new HmmBackend(mirror) : new NodeBackend(STILL);
    case 'amd-svm':
      return new AmdSvmBackend(amdSvmOptions(params));
    case 'tiering':
      return new NodeBackend({
        ...STILL,
        scanPeriodMs: number('scanPeriodMs'),
        tiering: {
          promotion: on('promotion'),
          demotion: on('demotion'),
          hotThresholdMs: number('hotThresholdMs'),
          rateMbps: number('promoteRateMbps'),
        },
      });
    case 'xe-svm':
      return new XeSvmBackend(xeSvmOptions(params));
    case 'gh-ats':
      return new AtsBackend(atsOptions(params));
    case 'mi300a':
      return new Mi300aBackend(apuOptions(params));
    case 'managed':
    case 'nvidia-uvm':
    case 'uvmsmart':
      throw new Error(`the ${id} system has no Linux underneath`);
  }
}

/** RLIMIT_MEMLOCK in pages; 0 MiB: none. */
const pinLimit = (mib: number): number => (mib > 0 ? mib * (MIB / PAGE_BYTES) : Infinity);

function amdSvmOptions(params: SystemChoice['params']): AmdSvmOptions {
  const number = (name: string): number => params[name] as number;
  return {
    granularity: number('svm_default_granularity'),
    xnack: params['xnack'] === true,
    register: params['register'] === true,
    hive: params['xgmiHive'] === true,
    restoreDelayPs: number('AMDGPU_SVM_RANGE_RESTORE_DELAY_MS') * PS_PER_MS,
    retryPendingPs: number('AMDGPU_SVM_RANGE_RETRY_FAULT_PENDING') * PS_PER_MS,
  };
}

function xeSvmOptions(params: SystemChoice['params']): XeSvmOptions {
  const on = (name: string): boolean => params[name] === true;
  return {
    notifierPages: (Number(params['svm_notifier_size']) * MIB) / PAGE_BYTES,
    timeslicePs: (params['atomic_svm_timeslice_ms'] as number) * PS_PER_MS,
    pagemap: on('CONFIG_DRM_XE_PAGEMAP'),
    need64k: on('vramNeed64k'),
    smemAtomics: on('deviceAtomicsOnSmem'),
    evictOnPartialUnmap: on('evictOnPartialUnmap'),
  };
}

function atsOptions(params: SystemChoice['params']): AtsOptions {
  const number = (name: string): number => params[name] as number;
  const basePages = params['kernelPage'] === '64k' ? 16 : 1;
  return {
    balancing: params['numaBalancing'] === true,
    scanPeriodMs: number('scanPeriodMs'),
    driverManaged: params['NVreg_CoherentGPUMemoryMode'] === 'driver',
    basePages,
    prefetch: {
      enabled: params['uvm_perf_prefetch_enable'] === true,
      threshold: number('uvm_perf_prefetch_threshold'),
    },
    counters: {
      // -1 is on where ATS is, which is here. With 4 KiB pages the driver tells tools of notifications, and no more.
      enabled: number('uvm_perf_access_counter_migration_enable') !== 0 && basePages > 1,
      threshold: number('uvm_perf_access_counter_threshold'),
      batch: number('uvm_perf_access_counter_batch_count'),
    },
  };
}

function apuOptions(params: SystemChoice['params']): Mi300aOptions {
  const number = (name: string): number => params[name] as number;
  return {
    apus: number('apus'),
    xnack: params['xnack'] === true,
    granularity: number('svm_default_granularity'),
    balancing: params['numaBalancing'] === true,
    scanPeriodMs: number('scanPeriodMs'),
  };
}
