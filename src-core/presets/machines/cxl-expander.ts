import { bytes, bytesPerSecond, GIB, picoseconds } from '../../base/units';
import type { MachineSpec } from '../../model/machine';
import { from, GB_PER_S, ns } from '../parts/sourced';
import { x86Host } from '../parts/x86-host';

const NO_FAULTS = 'Definition: a memory expander computes nothing and raises no faults';
const none = from(picoseconds(0), NO_FAULTS, 'definition');

/**
 * A CXL memory expander (type 3) on PCIe 5 x8 with one channel of DDR5: memory without a processor, which the host's
 * processor reaches as a NUMA node. Meant for the memory systems that place and tier pages; the device part of a
 * workload runs as if a processor of the host were there.
 */
export const cxlExpander: MachineSpec = {
  id: 'cxl-expander',
  title: 'CXL memory expander, PCIe 5 x8, 128 GiB',
  summary: 'Memory behind CXL.mem that the processor loads from and stores to; no device that computes.',
  deviceMemory: from(bytes(128 * GIB), 'Assumption: a common size of expander cards', 'assumed'),
  faultBatchEntries: from(1, NO_FAULTS, 'definition'),
  hostMapsDevice: from(
    true,
    'CXL specification, CXL.mem: the host loads from and stores to the memory of a type 3 device',
    'specification',
  ),
  timing: {
    ...x86Host,
    link: {
      asymptote: from(
        bytesPerSecond(26 * GB_PER_S),
        'Assumption: 80 % of 32 GB/s, eight lanes at 32 GT/s, as PCIe links of GPUs reach',
        'assumed',
      ),
      kneePerKib: from(
        1,
        'Assumption: page copies are loads and stores of the processor, without set-up; 4 KiB reach 84 % of the rate',
        'assumed',
      ),
      duplex: from(
        true,
        'PCI Express Base Specification: each lane has a transmitting and a receiving pair',
        'specification',
      ),
    },
    batchFixed: from(
      x86Host.cpuFault.value,
      'Assumption: a step that a workload gives to the device is done by a processor of the host, whose fault it costs; without any time a driver that throttles faults would wait for ever',
      'assumed',
    ),
    batchPerFault: none,
    evictionFixed: none,
    deviceBandwidth: from(
      bytesPerSecond(38.4 * GB_PER_S),
      'JEDEC DDR5-4800: 8 bytes per transfer, one channel',
      'specification',
    ),
    remoteBandwidth: from(bytesPerSecond(26 * GB_PER_S), 'Assumption: the rate of the link', 'assumed'),
    remote: {
      latency: from(
        ns(250),
        'About 250 ns from load to data, the sum of controller, link, endpoint and DRAM (CXL latency breakdown of sampooni/kv-cache-docs); 2 to 5 times local DRAM in measurements (arXiv 2405.14209)',
        'published',
      ),
      inFlight: from(
        128,
        'Assumption: several cores with some ten line fills each; 64 B × 128 / 250 ns is above the rate of the link',
        'assumed',
      ),
      requestBytes: from(bytes(64), 'CXL specification, CXL.mem: 64-byte cache lines', 'specification'),
    },
  },
};
