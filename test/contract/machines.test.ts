/** Every machine that ships is plausible by itself, is reproduced by the hardware model, and carries a run. */
import { describe, expect, it } from 'vitest';
import { KIB, MIB, picoseconds } from '../../src-core/base/units';
import { Link, type LinkDirection } from '../../src-core/hardware/link';
import { remoteRate } from '../../src-core/hardware/access-delay';
import type { DriverCosts, GpuSpec, LinkSpec, MachineSpec, MachineTiming } from '../../src-core/model/machine';
import { memorySystems } from '../../src-core/systems';
import { machines, parseMachineFile } from '../../src-core/presets';
import { drive } from '../property/drive';
import { brokenInvariants } from '../property/invariants';
import { caseOf } from '../property/compare';

const timed = machines.filter((machine): machine is MachineSpec & { timing: MachineTiming } => machine.timing !== null);
/** Machines of papers are simulators: their numbers are what the paper's authors chose. */
const named = timed.filter(({ id }) => !id.startsWith('paper-')).map((machine) => [machine.id, machine] as const);
const NS = 1e3;
const US = 1e6;

const linksOf = ({ timing }: { timing: MachineTiming }): readonly LinkSpec[] =>
  timing.peerLink ? [timing.link, timing.peerLink] : [timing.link];
const between = (value: number, low: number, high: number, what: string): void => {
  expect(value, what).toBeGreaterThanOrEqual(low);
  expect(value, what).toBeLessThanOrEqual(high);
};

function expectGpu(gpu: GpuSpec): void {
  between(gpu.smCount.value, 4, 512, 'units');
  between(gpu.warpsPerSm.value, 8, 128, 'thread groups per unit');
  expect([16, 32, 64], 'threads of a group').toContain(gpu.threadsPerWarp.value);
  between(gpu.memoryLatency.value / NS, 150, 1500, 'memory latency, ns');
  between(gpu.pageWalk.value / NS, 20, 3000, 'page walk, ns');
  expect(gpu.pageWalkHuge.value, 'one level fewer').toBeLessThan(gpu.pageWalk.value);
  expect(gpu.tlbReach.value).toBeGreaterThanOrEqual(32 * MIB);
  const utlbs = Math.ceil(gpu.smCount.value / gpu.smsPerUtlb.value);
  expect(gpu.faultsPerUtlb.value * utlbs, 'faults outstanding at once').toBeGreaterThanOrEqual(256);
}

function expectDriver(driver: DriverCosts): void {
  for (const name of ['interrupt', 'perBlock', 'tlbShootdown', 'dmaSetup', 'replay', 'evictionPerBlock'] as const)
    between(driver[name].value / US, 0.5, 200, `${name}, us`);
  for (const name of ['fetchPerEntry', 'preprocessPerEntry', 'dmaMapPerPage', 'perPageUnmap', 'ptePerUpdate'] as const)
    between(driver[name].value / US, 0, 5, `${name}, us`);
}

describe.each(named)('%s', (_id, machine) => {
  const { timing } = machine;

  it('has constants in the ranges of real hardware', () => {
    if (machine.gpu) expectGpu(machine.gpu);
    if (timing.driver) expectDriver(timing.driver);
    for (const link of linksOf(machine)) between(link.asymptote.value / 1e9, 5, 2000, 'link, GB/s');
    between(timing.hostBandwidth.value / 1e9, 5, 6000, 'host memory, GB/s');
    between(timing.deviceBandwidth.value / 1e9, 20, 8000, 'device memory, GB/s');
    expect(timing.remoteBandwidth.value, 'remote access is no faster than the memory').toBeLessThanOrEqual(
      Math.max(timing.deviceBandwidth.value, timing.hostBandwidth.value),
    );
    between(machine.deviceMemory.value / MIB / 1024, 8, 256, 'device memory, GiB');
  });

  it('keeps the threads in flight plausible: they cover latency × bandwidth of its memory', () => {
    if (!machine.gpu) {
      expect(timing.driver).toBeUndefined();
      return;
    }
    const { smCount, warpsPerSm, memoryLatency } = machine.gpu;
    const inFlight = smCount.value * warpsPerSm.value * 128;
    const needed = (timing.deviceBandwidth.value * memoryLatency.value) / 1e12;
    expect(inFlight / needed, '128 bytes per group against latency × bandwidth').toBeGreaterThan(0.5);
    expect(memoryLatency.value).toBeLessThan(timing.remote?.latency.value ?? Infinity);
  });

  it('has remote requests enough to fill its bus, and the model reaches that rate', () => {
    expect(remoteRate(timing)).toBe(timing.remoteBandwidth.value);
  });

  it('peak and idle are reproduced: a stream reaches the rated rate, one page alone takes what its curve says', () => {
    for (const spec of linksOf(machine))
      for (const direction of [0, 1] as const) {
        const rated = direction === 1 ? (spec.asymptoteToHost ?? spec.asymptote).value : spec.asymptote.value;
        const link = new Link(spec);
        let end = 0;
        for (let i = 0; i < 4; i++) end = link.transfer(direction, 0, 512 * MIB);
        const rate = (4 * 512 * MIB) / (end / 1e12);
        const tolerance = Math.max(0.02, spec.curveError?.value ?? 0);
        expect(Math.abs(rate / rated - 1), `direction ${direction}`).toBeLessThan(tolerance);
        expect(rate).toBeLessThanOrEqual(rated);
        const idle = idleOf(spec, direction);
        between(idle / US, 0.02, 10, 'a page alone, us');
        expect(idle).toBeGreaterThan((4 * KIB * 1e12) / rated);
      }
  });

  it('the undivided costs are sums of the parts, where there are parts', () => {
    const { driver } = timing;
    if (!driver) {
      expect(timing.batchFixed.source.length).toBeGreaterThan(0);
      return;
    }
    const sum = (names: readonly (keyof DriverCosts)[]) => names.reduce((ps, name) => ps + driver[name].value, 0);
    expect(timing.batchFixed.value).toBe(sum(['interrupt', 'perBlock', 'tlbShootdown', 'replay']));
    expect(timing.batchPerFault.value).toBe(
      sum(['fetchPerEntry', 'preprocessPerEntry', 'perPageUnmap', 'dmaMapPerPage', 'dmaSetup', 'ptePerUpdate']),
    );
    expect(timing.evictionFixed.value).toBe(driver.evictionPerBlock.value);
  });

  it('goes through a machine file unchanged', () => {
    const copy = { ...machine, id: 'copy' };
    expect(parseMachineFile(JSON.stringify(copy), 'copy.json')).toEqual(copy);
  });
});

/** A transfer of one page on an idle link. */
const idleOf = (spec: LinkSpec, direction: LinkDirection): number => new Link(spec).transfer(direction, 0, 4 * KIB);

describe.each(machines.map((machine) => [machine.id, machine] as const))('%s', (_id, machine) => {
  it('carries runs of managed memory with every law kept, the same each time', async () => {
    for (const seed of [3, 8, 17]) {
      const test = { ...caseOf(seed), machine };
      const engine = await drive(test.source, test.scenario, { machine, keepEvents: true });
      expect(brokenInvariants(test, engine).slice(0, 5), `seed ${seed}`).toEqual([]);
      const end = engine.run.memory.clocks.latest();
      expect(Number.isSafeInteger(end), 'the end is a whole picosecond').toBe(true);
      if (machine.timing) expect(end).toBeGreaterThan(0);
      expect((await drive(test.source, test.scenario, { machine })).hash).toBe(engine.hash);
    }
  });

  it('carries runs of the driver of NVIDIA, which spends the parts of its service, the same each time', async () => {
    const parsed = memorySystems.find(({ id }) => id === 'nvidia-uvm')!.parse({});
    if (!parsed.ok) throw new Error(parsed.error);
    const { source, scenario } = caseOf(8);
    const wish = {
      ...scenario,
      deviceMemoryBytes: 64 * MIB,
      system: { id: 'nvidia-uvm', params: parsed.value },
    } as const;
    const endOf = async (each: MachineSpec): Promise<readonly [number, string]> => {
      const { run, hash } = await drive(source, wish, { machine: each });
      return [run.memory.clocks.latest(), hash];
    };
    const [end, hash] = await endOf(machine);
    expect(Number.isSafeInteger(end)).toBe(true);
    expect((await endOf(machine))[1]).toBe(hash);
    const driver = machine.timing?.driver;
    if (!driver) return;
    const slower = { ...driver, replay: { ...driver.replay, value: picoseconds(driver.replay.value + 1_000_000) } };
    const [later] = await endOf({ ...machine, timing: { ...machine.timing, driver: slower } });
    expect(later, 'a replay that takes longer').toBeGreaterThan(end);
  });
});
