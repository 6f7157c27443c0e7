/**
 * The parts of NVIDIA's fault service. A program sees only whole batches, so the parts keep the proportions that the preset
 * gives them, and are scaled until the preset's own account of the measured batches comes out as measured:
 *
 *     once per batch   interrupt + replay
 *     per fault        fetch, preprocessing, block, unmapping of the pages that move, shootdown, copy set-up, page table
 *
 * as systems/nvidia-uvm/mechanics charges them for single pages in blocks of their own. The driver's thread goes on while copies run, so a
 * fault's share of it holds the time of the copies too, which the undivided cost leaves out. Not in the samples and left as they are: eviction, population and zeroing of
 * new chunks (they stay with their blocks from repeat to repeat), DMA mapping (the first time only).
 */
import { PS_PER_NS } from '../../base/units';
import type { DriverCosts, MachineSpec } from '../../model/machine';
import type { Calibration } from './document';
import { copiesOf, type BatchLine } from './fault-part';
import { add, lack, type Sheet } from './sheet';

type Part = Exclude<keyof DriverCosts, 'zeroing'>;

const PER_BATCH = ['interrupt', 'replay'] as const satisfies readonly Part[];
const PER_FAULT = [
  'fetchPerEntry',
  'preprocessPerEntry',
  'perBlock',
  'perPageUnmap',
  'tlbShootdown',
  'dmaSetup',
  'ptePerUpdate',
] as const satisfies readonly Part[];
const PAGE = 4096;

/** How often systems/nvidia-uvm/mechanics charges a part for one fault that brings `movedBytes`. */
function times(part: Part, movedBytes: number, calibration: Calibration): number {
  if (part === 'perPageUnmap') return movedBytes / PAGE;
  return part === 'dmaSetup' ? copiesOf(movedBytes, calibration).length : 1;
}

/** Scales the preset's parts; says nothing where the preset has none. */
export function readDriver(calibration: Calibration, base: MachineSpec, line: BatchLine | null, sheet: Sheet): void {
  const costs = base.timing?.driver;
  if (!costs) return;
  const paths = [...PER_BATCH, ...PER_FAULT].map((part) => `timing.driver.${part}`);
  if (!line) {
    lack(sheet, paths, 'without a cost per batch and per fault there is nothing to scale the parts to');
    return;
  }
  if (calibration.device.runtime !== 'cuda') {
    lack(sheet, paths, "the parts are scaled for NVIDIA's driver only; how others charge a batch is not the same");
    return;
  }
  for (const [parts, measuredNs, what] of [
    [PER_BATCH, line.fixedNs, 'a batch'],
    [PER_FAULT, line.perFaultNs + line.transferNs, 'a fault'],
  ] as const) {
    const presetNs = parts.reduce(
      (ns, part) => ns + (costs[part].value * times(part, line.movedBytes, calibration)) / PS_PER_NS,
      0,
    );
    const factor = measuredNs / presetNs;
    if (!(factor > 0) || !Number.isFinite(factor)) {
      lack(
        sheet,
        parts.map((part) => `timing.driver.${part}`),
        `the thread's share of ${what} comes out as ${measuredNs.toFixed(0)} ns, which cannot be split`,
      );
      continue;
    }
    for (const part of parts)
      add(sheet, `timing.driver.${part}`, (costs[part].value * factor) / PS_PER_NS, 'ns', {
        grade: 'derived',
        samples: line.samples,
        formula: `${base.id}'s part × ${factor.toFixed(3)}, the factor by which its parts of ${what} (${parts.join(', ')}) make the measured ${(measuredNs / 1000).toFixed(2)} us`,
        residual: line.residual,
      });
  }
}
