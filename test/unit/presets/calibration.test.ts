import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { randomStream } from '../../../src-core/base/random';
import { GIB, KIB, PS_PER_NS } from '../../../src-core/base/units';
import { Refusal } from '../../../src-core/model/refusal';
import { machines, parseMachineFile } from '../../../src-core/presets';
import { fitCalibration, presetOf, readCalibration } from '../../../src-core/presets/calibration';
import type { Calibration } from '../../../src-core/presets/calibration/document';
import { fitLine, fitLink, median } from '../../../src-core/presets/calibration/fit';
import { pcie4x16g } from '../../../src-core/presets/machines/pcie4-16g';
import { titanV } from '../../../src-core/presets/machines/titan-v';
import { calibrate } from '../../../src-core/session/calibrate';
import {
  knownMachine,
  syntheticCalibration,
  syntheticDocuments,
  type KnownMachine,
} from '../../support/synthetic-calibration';

const folder = join(import.meta.dirname, '../../fixtures/calibrate');
const fixture = (name: string): string => readFileSync(join(folder, name), 'utf8');
const documents = syntheticDocuments();
if (process.env['FAULTLINE_FIX'] === '1')
  for (const [name, text] of Object.entries(documents)) writeFileSync(join(folder, name), text);
const wish = { id: 'mine', base: 'pcie4-16g', samplesFile: 'mine.samples.json' };

function refusal(action: () => unknown): Refusal {
  try {
    action();
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
  throw new Error('expected a refusal');
}

const withSamples = (change: (samples: Calibration['samples']) => Partial<Calibration['samples']>): string => {
  const document = syntheticCalibration(knownMachine, 1, 0.01);
  return JSON.stringify({ ...document, samples: change(document.samples) });
};
const without = (...parts: (keyof Calibration['samples'])[]): string =>
  withSamples((samples) =>
    Object.fromEntries(Object.entries(samples).filter(([part]) => !(parts as string[]).includes(part))),
  );

/** The machine's constants in nanoseconds and bytes per second, as the file gave them. */
function recovered(document: Calibration): Record<keyof KnownMachine, number | boolean> {
  const { machine } = calibrate(JSON.stringify(document), 'r.json', wish);
  const timing = machine.timing!;
  const ns = ({ value }: { readonly value: number }): number => value / PS_PER_NS;
  return {
    toDevice: timing.link.asymptote.value,
    toHost: timing.link.asymptoteToHost!.value,
    kneePerKib: timing.link.kneePerKib.value,
    duplex: timing.link.duplex.value,
    batchFixedNs: ns(timing.batchFixed),
    batchPerFaultNs: ns(timing.batchPerFault),
    movedBytes: knownMachine.movedBytes,
    cpuFaultNs: ns(timing.cpuFault),
    cpuFirstTouchNs: ns(timing.cpuFirstTouch),
    kernelLaunchNs: ns(timing.kernelLaunch),
    remoteBandwidth: timing.remoteBandwidth.value,
    remoteLatencyNs: ns(timing.remote!.latency),
    deviceBandwidth: timing.deviceBandwidth.value,
    hostBandwidth: timing.hostBandwidth.value,
  };
}

function randomMachine(seed: number): KnownMachine {
  const random = randomStream(seed, 'calibrated-machine');
  const between = (low: number, high: number): number => low + (high - low) * random.unit();
  return {
    toDevice: between(5e9, 400e9),
    toHost: between(5e9, 400e9),
    kneePerKib: between(0.005, 0.5),
    duplex: random.below(2) === 1,
    batchFixedNs: between(5_000, 100_000),
    batchPerFaultNs: between(500, 10_000),
    movedBytes: 64 * KIB,
    cpuFaultNs: between(5_000, 50_000),
    cpuFirstTouchNs: between(200, 5_000),
    kernelLaunchNs: between(2_000, 20_000),
    remoteBandwidth: between(2e9, 300e9),
    remoteLatencyNs: between(500, 3_000),
    deviceBandwidth: between(200e9, 5e12),
    hostBandwidth: between(5e9, 60e9),
  };
}

describe('the fit', () => {
  it.each(Array.from({ length: 40 }, (_, seed) => seed))(
    'recovers the constants of random machine %i from exact samples within 0.5 percent',
    (seed) => {
      const machine = randomMachine(seed);
      const found = recovered(syntheticCalibration(machine, seed, 0));
      for (const [key, value] of Object.entries(machine) as [keyof KnownMachine, number | boolean][])
        if (typeof value === 'boolean') expect(found[key], key).toBe(value);
        else expect(Math.abs(Number(found[key]) / value - 1), key).toBeLessThan(0.005);
    },
  );

  it.each(Array.from({ length: 20 }, (_, seed) => seed))(
    'of random machine %i, samples up to 3 percent off, is within 3 percent for what is read off and 30 percent for differences',
    (seed) => {
      // A batch's or a fault's cost is what is left of a noisy time when the transfer is taken out.
      const differences = ['batchFixedNs', 'batchPerFaultNs', 'cpuFaultNs', 'kneePerKib'];
      const machine = { ...randomMachine(seed), toDevice: 24e9, toHost: 20e9 };
      const found = recovered(syntheticCalibration(machine, seed, 0.03));
      for (const [key, value] of Object.entries(machine) as [keyof KnownMachine, number | boolean][])
        if (typeof value === 'boolean') expect(found[key], key).toBe(value);
        else expect(Math.abs(Number(found[key]) / value - 1), key).toBeLessThan(differences.includes(key) ? 0.3 : 0.03);
    },
  );

  it('states a residual that grows with what the curve cannot follow', () => {
    const curve = (bend: number) =>
      [4, 16, 64, 256, 1024, 4096].map((kib) => ({
        bytes: kib * KIB,
        ns: (kib * KIB * 1e9) / (10e9 * (2 / Math.PI) * Math.atan(kib * 0.05)) + bend * 5_000,
      }));
    expect(fitLink([curve(0)]).residual).toBeLessThan(1e-6);
    const bent = fitLink([curve(1)]);
    expect(bent.residual).toBeGreaterThan(0.03);
    expect(Math.abs(bent.worst.deviation)).toBeGreaterThanOrEqual(bent.residual);
  });

  it('takes the middle, whatever the order, and the mean of two middles', () => {
    expect(median([9, 1, 5])).toBe(5);
    expect(median([4, 1, 3, 2])).toBe(2.5);
  });

  it('has no line through one x', () => {
    expect(fitLine([1, 2, 3].map((y) => ({ x: 7, y })))).toBeNull();
    expect(fitLine([1, 2, 4].map((x) => ({ x, y: 3 + 2 * x })))).toMatchObject({
      residual: expect.closeTo(0, 9) as number,
    });
  });
});

describe('the machine file', () => {
  const full = calibrate(fixture('synthetic-full.json'), 'synthetic-full.json', wish);

  it('extends a preset, and names date, driver, device and samples with each measured constant', () => {
    const file = JSON.parse(full.fileText) as Record<string, unknown>;
    expect(file).toMatchObject({ extends: 'pcie4-16g', id: 'mine' });
    for (const path of full.constants.map((constant) => constant.path)) {
      const constant = path.split('.').reduce<unknown>((at, key) => (at as Record<string, unknown>)[key], file) as {
        source: string;
        grade: string;
      };
      for (const word of ['Synthetic GPU', 'driver 0.0.0', '2026-11-25', 'mine.samples.json', 'synthetic:'])
        expect(constant.source, path).toContain(word);
      expect(['timing.remote.inFlight', 'timing.remote.requestBytes'].includes(path), path).toBe(
        constant.grade !== 'measured',
      );
    }
  });

  it('reads back to the same machine, with what was not measured from the preset', () => {
    expect(parseMachineFile(full.fileText, 'again.json')).toEqual(full.machine);
    expect(full.machine.timing!.evictionFixed).toEqual(pcie4x16g.timing!.evictionFixed);
    expect(full.machine.faultBatchEntries).toEqual(pcie4x16g.faultBatchEntries);
    expect(full.machine.deviceMemory.value).toBe(16 * GIB);
    expect(full.kept.map(({ path }) => path)).toEqual(['faultBatchEntries', 'timing.evictionFixed']);
  });

  it('holds bandwidth × latency of remote access as requests in flight', () => {
    const { inFlight, latency, requestBytes } = full.machine.timing!.remote!;
    const rate = (inFlight.value * requestBytes.value) / (latency.value / 1e12);
    expect(rate / full.machine.timing!.remoteBandwidth.value).toBeCloseTo(1, 1);
  });
});

describe('what is missing', () => {
  it('is not recorded and stays the preset’s, never zero', () => {
    const { machine, kept } = calibrate(fixture('synthetic-no-remote.json'), 'n.json', wish);
    expect(machine.timing!.remoteBandwidth).toEqual(pcie4x16g.timing!.remoteBandwidth);
    expect(machine.timing!.remote).toBeUndefined();
    expect(kept.find(({ path }) => path === 'timing.remoteBandwidth')?.why).toBe(
      'part "remote" is not in the result: time was up',
    );
  });

  it('takes along what cannot be told without it', () => {
    const { machine, kept } = calibrate(without('copy'), 'n.json', wish);
    for (const key of ['link', 'batchFixed', 'batchPerFault', 'cpuFault'] as const)
      expect(machine.timing![key], key).toEqual(pcie4x16g.timing![key]);
    expect(kept.find(({ path }) => path === 'timing.batchFixed')?.why).toMatch(/without a fitted link/);
  });

  it('is a curve that the copies do not follow', () => {
    const text = withSamples((samples) => ({
      ...samples,
      copy: samples.copy!.map((row) => (row.bytes === 2 ** 20 ? { ...row, ns: [row.ns[0]! * 40] } : row)),
    }));
    const { machine, kept } = calibrate(text, 'n.json', wish);
    expect(machine.timing!.link.asymptote).toEqual(pcie4x16g.timing!.link.asymptote);
    expect(kept.find(({ path }) => path === 'timing.link.kneePerKib')?.why).toMatch(/do not follow.*at 1 MiB/);
  });

  it('can be everything', () => {
    const { machine, constants } = calibrate(
      withSamples(() => ({})),
      'n.json',
      wish,
    );
    expect(machine.timing).toEqual(pcie4x16g.timing);
    expect(constants.map(({ path }) => path)).toEqual(['deviceMemory', 'hostPage', 'hostMapsDevice']);
  });

  it('is a cost that would be negative, and says so', () => {
    const text = withSamples((samples) => ({
      ...samples,
      gpuBatch: samples.gpuBatch!.map((row) => ({ ...row, ns: [row.pages * row.pages * 20_000] })),
    }));
    const { machine, kept } = calibrate(text, 'n.json', wish);
    expect(machine.timing!.batchFixed).toEqual(pcie4x16g.timing!.batchFixed);
    expect(kept.find(({ path }) => path === 'timing.batchFixed')?.why).toMatch(/which no cost can be/);
  });

  it('is a CPU fault where the host maps device memory: its reads were none', () => {
    const document = syntheticCalibration(knownMachine, 1, 0.01);
    const coherent = { ...document, device: { ...document.device, directManagedMemAccessFromHost: true } };
    const { machine, kept } = calibrate(JSON.stringify(coherent), 'n.json', wish);
    expect(machine.hostMapsDevice.value).toBe(true);
    expect(kept.find(({ path }) => path === 'timing.cpuFault')?.why).toMatch(/no faults/);
  });
});

describe('the preset that is extended', () => {
  it.each([
    ['NVIDIA A100-PCIE-40GB', 'a100-pcie'],
    ['NVIDIA H100 80GB HBM3', 'h100-pcie'],
    ['NVIDIA H200', 'h200'],
    ['NVIDIA GH200 480GB', 'gh200'],
    ['NVIDIA GeForce GTX 1080 Ti', 'gtx-1080-ti'],
    ['NVIDIA GeForce RTX 3090', 'rtx-3090'],
    ['TITAN V', 'titan-v'],
    ['AMD Instinct MI210', 'mi210'],
    ['Tesla V100-SXM2-16GB', undefined], // the preset's V100 sits on another host
    ['NVIDIA GeForce GT 1030', undefined],
  ])('of a %s is %s', (device, id) => {
    expect(presetOf(device, machines)?.id).toBe(id);
  });

  it('is the one that the user names, or the general one', () => {
    const text = fixture('synthetic-full.json');
    const { base: _base, ...free } = wish;
    expect(calibrate(text, 'r.json', free).base).toBe('pcie4-16g');
    expect(calibrate(text, 'r.json', { ...wish, base: 'titan-v' }).base).toBe('titan-v');
    const titan = text.replace('Synthetic GPU', 'Titan V (synthetic)');
    expect(calibrate(titan, 'r.json', free).base).toBe('titan-v');
  });

  it('gives the parts of the driver their proportions, and is scaled to what was measured', () => {
    const { machine } = calibrate(fixture('synthetic-full.json'), 'r.json', { ...wish, base: 'titan-v' });
    const [mine, preset] = [machine.timing!.driver!, titanV.timing!.driver!];
    const ratio = (part: 'interrupt' | 'replay' | 'perBlock' | 'dmaSetup') => mine[part].value / preset[part].value;
    expect(ratio('interrupt')).toBeCloseTo(ratio('replay'), 3);
    expect(ratio('perBlock')).toBeCloseTo(ratio('dmaSetup'), 3);
    expect(ratio('interrupt')).not.toBeCloseTo(ratio('perBlock'), 1);
    expect(mine.interrupt).toMatchObject({ grade: 'derived', source: expect.stringContaining('titan-v') as string });
    expect(mine.evictionPerBlock).toEqual(preset.evictionPerBlock);
    expect(machine.gpu!.smCount).toMatchObject({ value: 48, grade: 'measured' });
    expect(machine.gpu!.warpsPerSm.value).toBe(48);
    expect(machine.gpu!.pageWalk).toEqual(titanV.gpu!.pageWalk);
  });

  it.each<[string, string, RegExp]>([
    ['another driver', fixture('synthetic-full.json').replace('"cuda"', '"hip"'), /for NVIDIA's driver only/],
    ['batches without a line', without('gpuBatch'), /nothing to scale/],
    [
      'a fixed cost below zero',
      withSamples((samples) => ({
        ...samples,
        gpuBatch: samples.gpuBatch!.map((row) => ({ ...row, ns: [row.pages * row.pages * 20_000] })),
      })),
      /cannot be split/,
    ],
  ])('keeps its parts of the driver under %s', (_what, text, why) => {
    const { machine, kept } = calibrate(text, 'r.json', { ...wish, base: 'titan-v' });
    expect(machine.timing!.driver!.interrupt).toEqual(titanV.timing!.driver!.interrupt);
    expect(kept.find(({ path }) => path === 'timing.driver.interrupt')?.why).toMatch(why);
  });
});

describe('the explanation', () => {
  const { explanation, constants } = calibrate(fixture('synthetic-no-remote.json'), 'r.json', wish);

  it('gives each constant samples, formula and residual, and says what comes from the preset and why', () => {
    for (const { path } of constants)
      expect(explanation).toMatch(new RegExp(`${path.replaceAll('.', '\\.')}  .*\n +samples: .+\n +formula: .+`));
    expect(explanation).toMatch(
      /timing\.link\.asymptote {2}2[34]\.\d+ GB\/s {2}\(measured\)[\s\S]*?residual: rms deviation/,
    );
    expect(explanation).toMatch(
      /Not recorded, taken from pcie4-16g[\s\S]*timing\.evictionFixed {2}17 µs .*Allen and Ge/,
    );
    expect(explanation).toMatch(/why: eviction is never provoked/);
  });

  it.each(machines.filter(({ timing }) => timing !== null).map(({ id }) => id))(
    'gives each constant of %s that stays its unit',
    (id) => {
      const units: readonly (readonly [RegExp, RegExp])[] = [
        [/Bandwidth$|\.asymptote|\.zeroing$/, /^[\d.]+ [GM]B\/s$/],
        [/deviceMemory$|hostPage$|Bytes$|tlbReach$/, /^[\d.]+ [KMGT]?i?B$/],
        [/kneePerKib$/, /per KiB$/],
        [/curveError$/, /%$/],
        [/duplex$|hostMapsDevice$/, /^(true|false)$/],
        [/^gpu\.\w*(Count|Warp|Sm|tlb|Utlb|Entries)$|Entries$|inFlight$|copyEngines/, /^\d+$/],
        [/./, /^[\d.]+ ([mnpµ]?s)$/],
      ];
      const text = calibrate(
        withSamples(() => ({})),
        'r.json',
        { ...wish, base: id },
      ).explanation;
      const kept = [...text.matchAll(/^ {2}(\S+) {2}(.+?) {2}\(\w+: .*\)$/gm)];
      expect(kept.length).toBeGreaterThan(8);
      for (const [, path = '', value] of kept) expect(value, path).toMatch(units.find(([name]) => name.test(path))![1]);
    },
  );

  it('describes how the machine behaved, without guesses', () => {
    expect(explanation).toMatch(/A GPU touch of one page took .* and brought 64 KiB along\./);
    expect(explanation).toMatch(/Advice preferred-location-device.*the host's read faulted\./);
    expect(explanation).toMatch(/Advice read-mostly.*host and device each had a copy\./);
    expect(explanation).not.toMatch(/stayed on the host/); // nothing to compare with without remote loads
    expect(calibrate(fixture('synthetic-full.json'), 'r.json', wish).explanation).toMatch(
      /the page stayed on the host/,
    );
  });
});

describe('documents', () => {
  const full = syntheticCalibration(knownMachine, 1, 0.02);

  it.each(Object.entries(documents))('%s is what the generator makes (FAULTLINE_FIX=1 writes it)', (name, text) => {
    expect(fixture(name)).toBe(text);
  });

  it('refuses one that was cut off, with the place', () => {
    const error = refusal(() => readCalibration(fixture('synthetic-truncated.json'), 'cut.json'));
    expect(error.message).toMatch(/cut\.json is not a result of calibrate: it is not JSON .*measure again/);
    expect(error.details[0]?.place?.line).toBeGreaterThan(100);
  });

  it('refuses a future version, whatever else is in it', () => {
    const error = refusal(() => readCalibration(fixture('synthetic-future.json'), 'f.json'));
    expect(error.message).toMatch(/it has version 2, this Faultline reads version 1/);
    expect(error.details).toHaveLength(1);
  });

  it.each<[string, (document: Calibration) => unknown, string]>([
    ['a text for a time', (d) => ({ ...d, samples: { kernelLaunch: { ns: ['7us'] } } }), 'samples.kernelLaunch.ns.0'],
    ['a negative time', (d) => ({ ...d, samples: { kernelLaunch: { ns: [-1] } } }), 'samples.kernelLaunch.ns.0'],
    ['no samples in a part', (d) => ({ ...d, samples: { kernelLaunch: { ns: [] } } }), 'samples.kernelLaunch.ns'],
    ['an unknown part', (d) => ({ ...d, samples: { novel: [] } }), 'samples'],
    ['no device', ({ device: _device, ...d }) => d, 'device'],
    ['a date of no calendar', (d) => ({ ...d, date: 'yesterday' }), 'date'],
  ])('refuses %s with its path', (_what, change, path) => {
    const error = refusal(() => readCalibration(JSON.stringify(change(full)), 'r.json'));
    expect(error.details[0]?.place).toEqual({ file: 'r.json', path });
  });

  it('refuses what is none', () => {
    expect(refusal(() => readCalibration('{"id": "x"}', 'r.json')).message).toMatch(
      /"faultlineCalibration" is missing/,
    );
    expect(refusal(() => calibrate(JSON.stringify(full), 'r.json', { ...wish, base: 'r1' })).message).toMatch(
      /there is no preset "r1"/,
    );
    expect(refusal(() => calibrate(JSON.stringify(full), 'r.json', { ...wish, base: 'r0' })).message).toMatch(
      /only counts/,
    );
  });
});

it('needs the base only for what it takes from it', () => {
  const fitted = fitCalibration(readCalibration(fixture('synthetic-full.json'), 'f.json'), pcie4x16g);
  expect(fitted.constants.every(({ value }) => typeof value === 'boolean' || value > 0)).toBe(true);
});
