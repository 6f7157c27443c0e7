/** The three undivided costs of a fault batch, for memory systems that do not model the driver: sums of its parts. */
import { picoseconds } from '../../base/units';
import type { DriverCosts, MachineTiming } from '../../model/machine';
import { from } from './sourced';

export function wholeBatch(
  driver: DriverCosts,
): Pick<MachineTiming, 'driver' | 'batchFixed' | 'batchPerFault' | 'evictionFixed'> {
  const sum = (...names: Exclude<keyof DriverCosts, 'zeroing'>[]) =>
    from(
      picoseconds(names.reduce((ps, name) => ps + driver[name].value, 0)),
      `Sum of the driver's parts ${names.join(', ')} of this machine`,
      'derived',
    );
  return {
    driver,
    batchFixed: sum('interrupt', 'perBlock', 'tlbShootdown', 'replay'),
    batchPerFault: sum(
      'fetchPerEntry',
      'preprocessPerEntry',
      'perPageUnmap',
      'dmaMapPerPage',
      'dmaSetup',
      'ptePerUpdate',
    ),
    evictionFixed: sum('evictionPerBlock'),
  };
}
