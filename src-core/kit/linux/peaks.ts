/** Highest use of memories, and what an evacuation at the end of the run would take. */
import { CPU, GPU0 } from '../../model/processor';
import { PAGE_BYTES } from '../../kernel/page';
import type { LinuxHost } from './backend';

/** Called after each operation. */
export function notePeaks({ kernel, backend, config, tally }: LinuxHost): void {
  tally.peakHostPages = Math.max(tally.peakHostPages, kernel.used[0]!);
  let device = 0;
  for (let d = GPU0; d <= config.devices; d++) device += backend.capacity(d) - backend.free(d);
  tally.peakDevicePages = Math.max(tally.peakDevicePages, device);
}

/** How long emptying the devices takes, one transfer each, and what stays (1a). The run is over; nothing is moved. */
export function noteEvacuation(host: LinuxHost): void {
  const { timing } = host.config.machine;
  let ps = 0;
  for (let device = GPU0; device <= host.config.devices; device++) {
    const stays = host.backend.residue?.(device) ?? host.locations.pinnedOn(device);
    const pages = host.residency.residents(device) - stays;
    host.tally.residuePages += host.residue(device);
    if (timing && pages > 0) ps += timing.evictionFixed.value + host.transferPs(device, CPU, pages * PAGE_BYTES);
  }
  // An unplug during the run was the real thing; the estimate is for what is there at the end.
  host.tally.evacuationPs = timing ? Math.max(ps, host.tally.evacuationPs ?? 0) : null;
}
