import { bytes, bytesPerSecond } from '../../base/units';
import type { MachineSpec, MachineTiming } from '../../model/machine';
import { cdnaFrontEnd, kfdService, oneFaultAtATime } from '../parts/amd';
import { pcie4Remote } from '../parts/pcie';
import { carried, carriedAll, from, GB_PER_S, ns } from '../parts/sourced';
import { wholeBatch } from '../parts/whole-batch';
import { noHostMapping, x86Host } from '../parts/x86-host';
import { a100Pcie, pcie4Link } from './a100-pcie';

const MT4G = 'mt4g, AMD Instinct MI210 (repository caps-tum/mt4g, sample_results)';

/** AMD Instinct MI210 on PCIe 4 x16, one CDNA 2 die. Fault service is what MI300A takes, with migration added. */
export const mi210: MachineSpec = {
  id: 'mi210',
  title: 'AMD Instinct MI210, PCIe 4 x16, 64 GB',
  summary: 'CDNA 2 card; memory measured, link as on an A100, fault service as on MI300A.',
  deviceMemory: from(bytes(68_702_699_520), `Memory that the HIP runtime reports (${MT4G})`, 'measured'),
  faultBatchEntries: oneFaultAtATime,
  hostMapsDevice: noHostMapping,
  gpu: cdnaFrontEnd(
    from(104, `Compute units that the HIP runtime reports (${MT4G})`, 'specification'),
    from(ns(436), `Pointer chase: 741 cycles at 1700 MHz (${MT4G})`, 'measured'),
  ),
  timing: {
    ...x86Host,
    link: { ...pcie4Link, asymptote: carried(pcie4Link.asymptote, 'as with an A100, same bus') },
    ...wholeBatch({
      ...carriedAll(kfdService, 'as on MI300A, same driver'),
      zeroing: kfdService.zeroing,
    }),
    deviceBandwidth: from(
      bytesPerSecond(1638 * GB_PER_S),
      `4096 bits at 1600 MHz, two transfers per clock (${MT4G})`,
      'derived',
    ),
    remoteBandwidth: carried((a100Pcie.timing as MachineTiming).remoteBandwidth, 'as with an A100, same bus'),
    remote: pcie4Remote,
  },
};
