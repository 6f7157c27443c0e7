import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { GIB, MIB } from '../../../src-core/base/units';
import type { Sourced } from '../../../src-core/model/machine';
import { policies } from '../../../src-core/policies';
import { machines } from '../../../src-core/presets';
import { pcie4x16g } from '../../../src-core/presets/machines/pcie4-16g';
import { r0 } from '../../../src-core/presets/machines/r0';

/** Every constant of a preset, by path. */
function constants(value: object, path = ''): [string, Sourced<unknown>][] {
  if ('source' in value && 'value' in value) return [[path, value as Sourced<unknown>]];
  return Object.entries(value).flatMap(([key, below]) =>
    typeof below === 'object' && below !== null ? constants(below as object, `${path}.${key}`) : [],
  );
}

/** A document that is cited has to be one that the user has; anything else is cited as its publisher names it. */
function expectReadable(source: string, where: string): void {
  for (const [file] of source.matchAll(/[\w./-]+\.md\b/g))
    expect(existsSync(file), `${where} cites ${file}`).toBe(true);
  expect(source, where).not.toMatch(/\bscenarios? S\d/);
}

it.each(policies.map((policy) => [`${policy.kind} ${policy.id}`, policy.source] as const))(
  'the policy %s cites what a user can find',
  (name, source) => {
    expect(source.length).toBeGreaterThan(10);
    expectReadable(source, name);
  },
);

describe('machine presets', () => {
  it('have unique ids, in picker order', () => {
    const ids = machines.map((machine) => machine.id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.slice(0, 3)).toEqual(['r0', 'pcie4-16g', 'gtx-1080-ti']);
  });

  it.each(machines.map((machine) => [machine.id, machine] as const))(
    '%s: says where each constant is from',
    (_id, machine) => {
      const all = constants(machine);
      expect(all.length).toBeGreaterThanOrEqual(3);
      for (const [path, constant] of all) {
        expect(constant.source.length, path).toBeGreaterThan(15);
        // A path of somebody's machine is of no use to a reader.
        expect(constant.source, path).not.toMatch(/(^|\s)\/[a-z]/);
        expectReadable(constant.source, path);
      }
    },
  );

  it('survive a trip through JSON', () => {
    for (const machine of machines) expect(JSON.parse(JSON.stringify(machine))).toEqual(machine);
  });

  it('r0 follows the rules of R0', () => {
    expect(r0.timing).toBeNull();
    expect(r0.faultBatchEntries.value).toBe(1);
    expect(r0.hostMapsDevice.value).toBe(true);
    expect(r0.deviceMemory.value).toBe(256 * MIB);
  });

  it('pcie4-16g holds the figures of its sources', () => {
    const timing = pcie4x16g.timing!;
    expect(pcie4x16g.deviceMemory.value).toBe(16 * GIB);
    expect(pcie4x16g.faultBatchEntries.value).toBe(256);
    expect(timing.link.asymptote.value).toBe(2 * 12 * GIB);
    // 12 cores make 3.7 M faults/s
    expect(timing.cpuFirstTouch.value / 1e6).toBeCloseTo(12 / 3.7, 2);
    // 75 % of 1.25 µs/KB over a 4 KB page
    expect(timing.batchPerFault.value / 1e6).toBe(0.75 * 1.25 * 4);
    // 180 µs per eviction less 2 MiB at 12 GiB/s
    expect(timing.evictionFixed.value / 1e6).toBe(Math.round(180 - ((2 * MIB) / (12 * GIB)) * 1e6));
    expect(timing.kernelLaunch.value / 1e6).toBe((6 + 9) / 2);
    for (const [path, constant] of constants(timing).filter(([, c]) => typeof c.value === 'number' && c.value > 1000))
      expect(Number.isInteger(constant.value), path).toBe(true);
  });
});
