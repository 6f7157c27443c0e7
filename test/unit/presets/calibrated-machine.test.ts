/**
 * The circle closed: the probe that calibrate.cu runs, as a workload, on the machine that was made from its samples. What
 * the engine then takes has to be what the samples said.
 */
import { describe, expect, it } from 'vitest';
import { Link } from '../../../src-core/hardware/link';
import type { MachineSpec } from '../../../src-core/model/machine';
import { calibrate } from '../../../src-core/session/calibrate';
import { runEvents } from '../../support/event-run';
import { knownMachine, syntheticCalibration } from '../../support/synthetic-calibration';

/** One page per 2 MiB block, as many blocks as pages; the host has written all of it. */
const probe = (pages: number, system: string): string => `faultline: 1
name: probe
system: ${system}
granularity: 4KiB
objects:
  a: { size: ${2 * pages}MiB, element: f64 }
phases:
  - name: probe
    repeat: 2
    steps:
      - on: cpu
        do: [ { write: a } ]
      - on: gpu
        do: [ { read: a, pattern: strided, stride: 262144 } ]
`;

async function probeNs(machine: MachineSpec, pages: number, system: string): Promise<number> {
  const { events } = await runEvents(probe(pages, system), {}, machine);
  const ends = events.filter((row) => row.name === 'step' && (row.duration ?? 0) > 0);
  return ends.at(-1)!.duration! / 1000 - machine.timing!.kernelLaunch.value / 1000;
}

const document = syntheticCalibration(knownMachine, 1, 0);
const measuredNs = (pages: number): number => document.samples.gpuBatch!.find((row) => row.pages === pages)!.ns[0]!;

describe.each(['titan-v', 'a100-pcie', 'pcie4-16g'])('the machine made over %s', (base) => {
  const { machine } = calibrate(JSON.stringify(document), 'r.json', { id: 'mine', base, samplesFile: 'r.json' });

  it.each([1, 2, 4, 8, 16, 32])(
    'serves %i faults in one batch in the time that was measured, within 0.1 percent',
    async (pages) => {
      const took = await probeNs(machine, pages, 'nvidia-uvm');
      expect(Math.abs(took / measuredNs(pages) - 1)).toBeLessThan(0.001);
    },
  );

  it('takes longer where the device raises the faults of one kernel in several batches, as the samples cannot know', async () => {
    expect((await probeNs(machine, 256, 'nvidia-uvm')) / measuredNs(256)).toBeGreaterThan(1.01);
  });
});

describe('copies on the machine made over pcie4-16g', () => {
  const { machine } = calibrate(JSON.stringify(document), 'r.json', {
    id: 'mine',
    base: 'pcie4-16g',
    samplesFile: 'r.json',
  });
  const link = new Link(machine.timing!.link);

  it.each(document.samples.copy!.filter(({ direction }) => direction !== 'both'))(
    'of $bytes bytes $direction take what was measured, within 0.1 percent',
    ({ direction, bytes, ns }) => {
      const took = link.durationPs(bytes, direction === 'toDevice' ? 0 : 1) / 1000;
      expect(Math.abs(took / ns[0]! - 1)).toBeLessThan(0.001);
    },
  );
});
