/**
 * Faults of CPUs: why an access cannot be made, and the kernel's fault path, until the access succeeds or ends in a
 * signal.
 */
import { assert } from '../../base/assert';
import { CPU } from '../../model/processor';
import { REASON } from '../codes';
import { handleFault } from '../../kernel/fault';
import { entryAt } from '../../kernel/page-table';
import type { Granule } from '../../base/indices';
import type { DeviceFaultPage, LinuxHost } from './backend';
import { signalOf } from './signals';
import { answerUserfault } from './userfaults';

/** A CPU fault is retried so often (COW after swap-in after …) before the engine reports a bug in itself. */
const MOST_CPU_FAULTS = 16;

/** Reason code of a CPU fault on the granule, before it is served. */
export function reasonOfCpuFault({ processes, map }: LinuxHost, granule: Granule): number {
  const process = processes.of(granule);
  const found = process ? entryAt(process.mm, map.vpn(granule)) : null;
  if (!found) return REASON.firstTouch;
  const { state, protnone } = found.entry;
  if (state === 'swap') return REASON.swapIn;
  if (state === 'exclusive') return REASON.deviceExclusive;
  if (state === 'private') return REASON.notResident;
  return protnone ? REASON.numaHint : REASON.noPermission;
}

export function serveCpuFault(host: LinuxHost, { granule, op }: Omit<DeviceFaultPage, 'cause'>): void {
  host.backend.cpuFaults?.(granule, op);
  for (let attempt = 0; attempt < MOST_CPU_FAULTS; attempt++) {
    const process = host.processes.of(granule);
    if (!process || host.access.isMapped(CPU, granule, op)) return;
    const result = handleFault(host.kernel, process.mm, host.map.vpn(granule), { write: op !== 0 });
    if (result === 'ok') continue;
    if (result === 'uffd' && answerUserfault(host, granule)) continue;
    host.outcomes.outcome(signalOf(result), CPU, granule, op, process);
    return;
  }
  assert(false, 'a CPU fault was handled again and again without making the access possible');
}
