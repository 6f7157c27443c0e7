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

  it('reads every optional part, and differences within one over a base that has it', () => {
    const time = measured('2us');
    const link = { asymptote: measured('50GiB/s'), kneePerKib: measured(1), duplex: measured(true) };
    const full = parseMachineFile(
      text({
        extends: 'pcie4-16g',
        id: 'full',
        hostPage: measured('64KiB'),
        gpu: {
          smCount: measured(80),
          warpsPerSm: measured(64),
          threadsPerWarp: measured(32),
          smsPerUtlb: measured(2),
          faultsPerUtlb: measured(56),
          faultBufferEntries: measured(8192),
          tlbReach: measured('8GiB'),
          pageWalk: measured('500ns'),
          pageWalkHuge: measured('400ns'),
          memoryLatency: measured('450ns'),
        },
        timing: {
          link: { asymptoteToHost: measured('20GiB/s'), latency: time, copyEnginesPerDirection: measured(2) },
          peerLink: link,
          driver: {
            ...Object.fromEntries(
              ['interrupt', 'fetchPerEntry', 'preprocessPerEntry', 'perBlock', 'perPageUnmap', 'tlbShootdown'].map(
                (key) => [key, time],
              ),
            ),
            ...Object.fromEntries(
              ['dmaMapPerPage', 'dmaSetup', 'populatePerChunk', 'ptePerUpdate', 'replay', 'evictionPerBlock'].map(
                (key) => [key, time],
              ),
            ),
            zeroing: measured('300GB/s'),
          },
          remote: { latency: time, inFlight: measured(256), requestBytes: measured('128B') },
        },
      }),
      'full.json',
    );
    expect(full.hostPage!.value).toBe(64 * 1024);
    expect(full.gpu!.tlbReach.value).toBe(8 * GIB);
    expect(full.gpu!.pageWalk.value).toBe(500_000);
    expect(full.timing!.link).toMatchObject({
      asymptote: pcie4x16g.timing!.link.asymptote,
      asymptoteToHost: measured(20 * GIB),
      latency: measured(2_000_000),
    });
    expect(full.timing!.peerLink!.asymptote.value).toBe(50 * GIB);
    expect(full.timing!.driver!.zeroing.value).toBe(300e9);
    expect(full.timing!.driver!.replay.value).toBe(2_000_000);
    expect(full.timing!.remote!.requestBytes.value).toBe(128);

    const error = refusal(text({ extends: 'pcie4-16g', id: 'x', gpu: { smCount: measured(80) } }));
    expect(error.details.map((detail) => detail.place?.path)).toContain('gpu.warpsPerSm');
    expect(full.timing!.peerLink).not.toHaveProperty('latency');
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
    [
      'requests of a page and more',
      { timing: { remote: { latency: measured('1us'), inFlight: measured(1), requestBytes: measured('2MiB') } } },
      'timing.remote.requestBytes.value',
      /out of range; expected 1B to 64KiB/,
    ],
    [
      'a part that is missing',
      { timing: { remote: { latency: measured('1us'), inFlight: measured(1) } } },
      'timing.remote.requestBytes',
      /requestBytes: missing; expected object/,
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

  it('names the nearest key of an optional part', () => {
    const error = refusal(text({ extends: 'pcie4-16g', id: 'x', timing: { driver: { replayy: measured('1us') } } }));
    const place = { file: 'mine.json', path: 'timing.driver' };
    const message = expect.stringMatching(/"replayy"; did you mean "replay"\?/) as string;
    expect(error.details).toContainEqual(expect.objectContaining({ place, message }));
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
