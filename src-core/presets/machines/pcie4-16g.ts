import { bytes, bytesPerSecond, GIB, picoseconds, PS_PER_NS, PS_PER_US } from '../../base/units';
import type { MachineSpec } from '../../model/machine';

const GB_PER_S = 1_000_000_000;

/**
 * A discrete GPU on PCIe 4 x16, driven by a driver that services faults in batches. It stands for no one product: each
 * constant is the best figure that could be found, from several machines, and says which. Left out: TLB shootdowns,
 * contention between steps for one memory, huge-page effects on the host, driver thrash mitigation.
 */
export const pcie4x16g: MachineSpec = {
  id: 'pcie4-16g',
  title: 'Discrete GPU, PCIe 4 x16, 16 GiB',
  summary:
    'A timed machine: CPU faults, GPU fault batches of 256 entries, a two-way link whose rate depends on the transfer size.',
  deviceMemory: {
    value: bytes(16 * GIB),
    source: 'NVIDIA RTX A4000 data sheet: 16 GB GDDR6',
    grade: 'specification',
  },
  faultBatchEntries: {
    value: 256,
    source: 'NVIDIA open kernel driver, uvm_gpu_replayable_faults.c lines 65-103, uvm_perf_fault_batch_count default',
    grade: 'published',
  },
  hostMapsDevice: {
    value: false,
    source:
      'Linux kernel documentation, Heterogeneous Memory Management: device-private memory is not accessible to the CPU, so a CPU touch migrates it back; PCIe gives x86 no coherent mapping of it',
    grade: 'specification',
  },
  timing: {
    link: {
      asymptote: {
        value: bytesPerSecond(24 * GIB),
        source:
          'Twice the published 12 GiB/s of PCIe 3 x16 (UVMSmart simulator, Ganguly et al., ISCA 2019: BW(s) = (24/pi) atan(0.07292 s) GiB/s with s in KB), as PCIe 4 doubles the lane rate',
        grade: 'derived',
      },
      kneePerKib: {
        value: 0.07292,
        source:
          'Curve of the UVMSmart simulator for PCIe 3 x16 (Ganguly et al., ISCA 2019), carried over to PCIe 4 unchanged: small transfers may come out too fast, because a fixed cost per transfer does not halve with the lane rate',
        grade: 'assumed',
      },
      duplex: {
        value: true,
        source: 'PCI Express Base Specification: each lane has a transmitting and a receiving pair',
        grade: 'specification',
      },
    },
    cpuFirstTouch: {
      value: picoseconds(3_240 * PS_PER_NS),
      source: 'MI300A, arXiv 2508.12743: 12 CPU cores populate 3.7 M pages/s, so one core needs 12 / 3.7 M = 3.24 us',
      grade: 'derived',
    },
    cpuFault: {
      value: picoseconds(9 * PS_PER_US),
      source:
        'MI300A, arXiv 2508.12743: 9 us for a CPU fault on a single page; an integrated device, so a lower bound for PCIe',
      grade: 'published',
    },
    batchFixed: {
      value: picoseconds(40 * PS_PER_US),
      source:
        'Titan V, PCIe 3, sgemm 16384: batch time is about 40 us + 1.25 us/KB; read off a figure of Allen and Ge, SC 2021 (repository tallendev/uvm-eval)',
      grade: 'published',
    },
    batchPerFault: {
      value: picoseconds(3_750 * PS_PER_NS),
      source:
        'Same fit: 1.25 us/KB x 4 KB = 5 us per page, of which the transfer is less than 25 %; 75 % of it is 3.75 us (Allen and Ge, SC 2021)',
      grade: 'derived',
    },
    evictionFixed: {
      value: picoseconds(17 * PS_PER_US),
      source:
        'About 180 us per eviction on the fault path of a Titan V, less the 163 us in which its 2 MB chunk crosses the link at 12 GiB/s (Allen and Ge, SC 2021, repository tallendev/uvm-eval, read off a figure)',
      grade: 'derived',
    },
    hostBandwidth: {
      value: bytesPerSecond(12 * GB_PER_S),
      source:
        'Assumption: what one thread of a desktop processor streams from DRAM; no measurement of the machine behind it',
      grade: 'assumed',
    },
    deviceBandwidth: {
      value: bytesPerSecond(448 * GB_PER_S),
      source: 'NVIDIA RTX A4000 data sheet: 448 GB/s peak, GDDR6 on 256 bits',
      grade: 'specification',
    },
    remoteBandwidth: {
      value: bytesPerSecond(25 * GB_PER_S),
      source:
        'Assumption: what a PCIe 4 x16 link, 31.5 GB/s raw, leaves for remote access by the GPU; no measurement of the machine behind it',
      grade: 'assumed',
    },
    kernelLaunch: {
      value: picoseconds(7_500 * PS_PER_NS),
      source:
        'Middle of the 6-9 us seen in steady state in the nvprof logs of a GTX 1080 Ti in the UVMSmart repository (DebashisGanguly/gpgpu-sim_UVMSmart)',
      grade: 'derived',
    },
  },
};
