/** Remote access over PCI Express. */
import { bytes } from '../../base/units';
import type { RemoteAccessSpec } from '../../model/machine';
import { from, us } from './sourced';

const latency = from(
  us(1.2),
  'Assumption: a read over PCI Express that crosses root complex and memory takes somewhat more than a microsecond; no measurement of the machine behind it',
  'assumed',
);
const requestBytes = from(
  bytes(128),
  'Cache line of the GPU, the most that one read request of it asks for (line size measured by mt4g, repository caps-tum/mt4g)',
  'measured',
);

export const pcie3Remote: RemoteAccessSpec = {
  latency,
  inFlight: from(256, 'PCI Express Base Specification: 8-bit tags, 256 outstanding requests', 'specification'),
  requestBytes,
};
export const pcie4Remote: RemoteAccessSpec = {
  latency,
  inFlight: from(
    768,
    'PCI Express Base Specification, revision 4.0 and later: 10-bit tags, 768 outstanding requests',
    'specification',
  ),
  requestBytes,
};
