import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { GIB } from '../../../src-core/base/units';
import { Refusal } from '../../../src-core/model/refusal';
import { machines, parseMachineFile } from '../../../src-core/presets';
import { pcie4x16g } from '../../../src-core/presets/machines/pcie4-16g';

const text = (value: unknown): string => JSON.stringify(value);
const measured = (value: unknown) => ({ value, source: 'own measurement', grade: 'measured' });

function refusal(given: string): Refusal {
  try {
    parseMachineFile(given, 'mine.json');
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
  throw new Error('expected a refusal');
}

describe('parseMachineFile', () => {
  it('reads back each preset under another id', () => {
    for (const preset of machines) {
      const copy = { ...preset, id: 'copy' };
      expect(parseMachineFile(text(copy), 'copy.json')).toEqual(copy);
    }
  });

  it('reads quantities with units, differences over a preset only', () => {
    const machine = parseMachineFile(
      text({
        extends: 'pcie4-16g',
        id: 'my-server',
        deviceMemory: measured('24GiB'),
        timing: {
          batchFixed: measured('45us'),
          deviceBandwidth: measured('900 GB/s'),
          link: { asymptote: measured('12GiB/s') },
        },
      }),
      'mine.json',
    );
    expect(machine.deviceMemory).toEqual(measured(24 * GIB));
    expect(machine.timing!.batchFixed.value).toBe(45_000_000);
    expect(machine.timing!.deviceBandwidth.value).toBe(900e9);
    expect(machine.timing!.link.asymptote.value).toBe(12 * GIB);
    expect(machine.timing!.link.kneePerKib).toEqual(pcie4x16g.timing!.link.kneePerKib);
    expect(machine.timing!.cpuFault).toEqual(pcie4x16g.timing!.cpuFault);
    expect(machine.title).toBe(pcie4x16g.title);
  });

  it('takes timing: null as a machine that only counts', () => {
    expect(parseMachineFile(text({ extends: 'pcie4-16g', id: 'count', timing: null }), 'c').timing).toBeNull();
  });

  it('does not let a changed value keep the source of the value it replaces', () => {
    const error = refusal(text({ extends: 'pcie4-16g', id: 'x', deviceMemory: { value: '24GiB' } }));
    expect(error.details.map((detail) => detail.place?.path)).toEqual(['deviceMemory.source', 'deviceMemory.grade']);
  });

  it.each<[string, unknown, string, RegExp]>([
    [
      'an unknown key',
      { timing: { batchFixd: measured('1us') } },
      'timing',
      /"batchFixd"; did you mean "batchFixed"\?/,
    ],
    ['an unknown key on top', { devicememory: measured('1GiB') }, '', /did you mean "deviceMemory"/],
    ['a decimal size', { deviceMemory: measured('16GB') }, 'deviceMemory.value', /"GB" is not one of the units/],
    ['a time for a rate', { timing: { hostBandwidth: measured('12us') } }, 'timing.hostBandwidth.value', /GiB\/s/],
    ['a missing unit', { timing: { cpuFault: measured('9') } }, 'timing.cpuFault.value', /a unit is missing/],
    ['a negative time', { timing: { cpuFault: measured(-1) } }, 'timing.cpuFault.value', /out of range.*0ps to 10s/],
    ['half a picosecond', { timing: { cpuFault: measured(0.5) } }, 'timing.cpuFault.value', /whole picoseconds/],
    [
      'a rate of nothing',
      { timing: { link: { asymptote: measured('0GiB/s') } } },
      'timing.link.asymptote.value',
      /out of range/,
    ],
    ['a list for a value', { timing: { cpuFault: measured([9]) } }, 'timing.cpuFault.value', /expected a time such as/],
    ['no batch', { faultBatchEntries: measured(0) }, 'faultBatchEntries.value', />=1/],
    ['an unknown grade', { hostMapsDevice: { ...measured(true), grade: 'sure' } }, 'hostMapsDevice.grade', /"assumed"/],
    [
      'an empty source',
      { hostMapsDevice: { ...measured(true), source: ' ' } },
      'hostMapsDevice.source',
      /where the value/,
    ],
  ])('refuses %s with its path', (_what, differences, path, message) => {
    const error = refusal(text({ extends: 'pcie4-16g', id: 'x', ...(differences as object) }));
    expect(error.details[0]?.place).toEqual({ file: 'mine.json', path });
    expect(error.details[0]?.message).toMatch(message);
    expect(error.message).toContain('mine.json');
  });

  it('names line and column of broken JSON', () => {
    const error = refusal('{\n  "id": "x",\n  oops\n}');
    expect(error.message).toMatch(/not JSON/);
    expect(error.details[0]?.place).toMatchObject({ line: 3, column: 3 });
  });

  it('refuses what is no object, an unknown base, a taken id and a missing one', () => {
    expect(refusal('[]').message).toMatch(/expected a JSON object/);
    expect(refusal(text({ extends: 'h100', id: 'x' })).message).toMatch(/expected one of the presets r0, pcie4-16g/);
    expect(refusal(text({ extends: 'r0', id: 'pcie4-16g' })).message).toMatch(/is a preset's/);
    expect(refusal(text({ extends: 'r0' })).message).toMatch(/id is missing/);
  });

  it('names at most twenty places and counts the rest', () => {
    const error = refusal(
      text({ id: 'x', timing: Object.fromEntries(Object.keys(pcie4x16g.timing!).map((key) => [key, {}])) }),
    );
    expect(error.details).toHaveLength(21);
    expect(error.details[20]?.count).toBeGreaterThan(0);
  });

  it('reads the example of the documentation', () => {
    const page = readFileSync(new URL('../../../docs/report-formats.md', import.meta.url), 'utf8');
    const example = /```json\n([\s\S]*?)```/.exec(page)?.[1] ?? '';
    expect(parseMachineFile(example, 'docs').deviceMemory.value).toBe(24 * GIB);
  });
});
