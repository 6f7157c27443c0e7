/**
 * Optimal eviction. Bounds device faults, and bytes each way, of every run that pages in the same unit to devices of the same
 * size: optimal-paging.ts shows why nothing gets below. Where the machine services one fault after the other, the order of
 * accesses is that of the stream; where accesses are in flight beyond a fault, the bound is taken over all orders inside a
 * step, and is lower. Each arrival on a full device needs a departure: bytes to the host are at least the arrivals that a
 * device cannot hold at the end. Not defined with remote access, for memory systems that do not page on demand, and (faults)
 * with prefetching.
 */
import { along, notDefined, type Bound, type BoundContext, type Judgement } from './bound';
import { whyNoFaults, whyNoPaging } from './paging-claims';

/** Bytes that have to leave the devices: what the host needs, or what had to make room. */
function toHost({ header, observation }: BoundContext): (access: number) => number {
  const { optimal, unitBytes, capacity } = observation;
  // Only the ideal system writes every victim back; others may drop a clean copy, and two devices may hand it on.
  const everyVictim = !header.scenario.system && header.devices === 1;
  return (access) => {
    const needed = optimal?.toHost.at(access) ?? 0;
    const left = everyVictim ? (optimal?.fetches.at(access) ?? 0) - capacity : 0;
    return Math.max(needed, left) * unitBytes;
  };
}

export const belady: Bound = {
  id: 'belady',
  title: 'Optimal eviction (Belady)',
  summary:
    'The minimum number of faults and moves with this device memory: each victim is the page that is needed last, which a real system cannot know in advance. Applies to paging on demand; prefetching cannot move fewer pages either.',
  needs: [],
  judge(context) {
    const { optimal, unitBytes, inOrder } = context.observation;
    const noPaging = whyNoPaging(context);
    const noFaults = whyNoFaults(context);
    const values: Judgement[] = [
      noFaults || !optimal
        ? notDefined('gpuFaults', 'bound', noFaults ?? '')
        : along('gpuFaults', (access) => optimal.fetches.at(access)),
      noPaging || !optimal
        ? notDefined('bytesToDevice', 'bound', noPaging ?? '')
        : along('bytesToDevice', (access) => optimal.toDevice.at(access) * unitBytes),
      noPaging ? notDefined('bytesToHost', 'bound', noPaging) : along('bytesToHost', toHost(context)),
    ];
    const notes =
      inOrder || noPaging
        ? []
        : ['The machine continues past a fault, so the bound allows any order of accesses inside a kernel.'];
    return { values, notes };
  },
};
