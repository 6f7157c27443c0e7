/** What must hold for every run, batches and time included; answers what does not. */
import { NO_EVENT, STORED_NO_PROCESSOR } from '../../src-core/model/events';
import { CPU, GPU0 } from '../../src-core/model/processor';
import { PENDING } from '../../src-core/contracts/accessed-memory';
import { asGranule } from '../../src-core/base/indices';
import { accessesOf } from './accesses';
import type { Case } from './compare';
import type { EngineRun, EventRow } from './drive';

type Broken = string[];

function everythingWasDone({ source, scenario }: Case, { run, objects }: EngineRun): Broken {
  const broken: Broken = [];
  const announced = accessesOf(source, scenario.granularity);
  if (run.memory.accessCount !== announced.length)
    broken.push(`${announced.length} accesses were asked for, ${run.memory.accessCount} made`);
  const perObject = source.space.objects.map(() => 0);
  for (const access of announced) perObject[access.object]!++;
  perObject.forEach((count, object) => {
    if (objects[object]!.accesses !== count)
      broken.push(`o${object}: ${count} accesses were asked for, ${objects[object]!.accesses} are in the books`);
  });
  const waiting = run.memory.residency.state.findIndex((state) => (state & PENDING) !== 0);
  if (waiting >= 0) broken.push(`granule ${waiting} still waits for a fault batch`);
  if (!run.executor.isIdle()) broken.push('the fault buffer is not empty at the end');
  return broken;
}

/** Addresses of the granules that a transfer moved: one event may tell of many neighbours. */
function granulesOf({ scenario }: Case, { address, bytes }: EventRow): number[] {
  return Array.from({ length: bytes! / scenario.granularity }, (_, i) => address! + i * scenario.granularity);
}

/** Owners as the recording tells them, event by event. */
function replay(test: Case, { run, events }: EngineRun): Broken {
  const { source, scenario } = test;
  const broken: Broken = [];
  const capacity = Math.floor(scenario.deviceMemoryBytes / scenario.granularity);
  const owner = new Map<number, number>();
  const base = source.space.regions[0]!.address;
  const held = new Map<number, number>();
  const change = (device: number, by: number): void => void held.set(device, (held.get(device) ?? 0) + by);
  const transfer = (event: EventRow, address: number): void => {
    const granule = (address - base) / scenario.granularity;
    const was = owner.get(granule) ?? CPU;
    const said = event.source === STORED_NO_PROCESSOR ? CPU : event.source!;
    if (said === event.target) broken.push(`event ${event.ordinal}: granule ${granule} moves from ${said} to itself`);
    if (said !== was) broken.push(`event ${event.ordinal}: granule ${granule} leaves ${said}, but it was on ${was}`);
    if (was !== CPU) change(was, -1);
    if (event.target !== CPU) change(event.target!, 1);
    if ((held.get(event.target!) ?? 0) > capacity)
      broken.push(`event ${event.ordinal}: device ${event.target!} holds more than ${capacity} granules`);
    owner.set(granule, event.target!);
    if (event.duration! < 0) broken.push(`event ${event.ordinal}: lasts ${event.duration!} ps`);
    if (event.time! + event.duration! > run.memory.clocks.latest())
      broken.push(`event ${event.ordinal}: ends after the run`);
  };
  for (const event of events)
    if (event.name === 'migration' || event.name === 'eviction')
      for (const address of granulesOf(test, event)) transfer(event, address);
  for (let granule = asGranule(0); granule < run.memory.granules; granule++) {
    const now = run.memory.residency.ownerOf(granule);
    if ((now === -1 ? CPU : now) !== (owner.get(granule) ?? CPU))
      broken.push(`granule ${granule} is on ${now}, the recording says ${owner.get(granule) ?? CPU}`);
  }
  for (let device = GPU0; device <= source.devices; device++)
    if ((held.get(device) ?? 0) !== run.memory.residency.residents(device))
      broken.push(
        `device ${device} holds ${run.memory.residency.residents(device)} granules, the recording says ${held.get(device) ?? 0}`,
      );
  return broken;
}

function booksBalance({ scenario }: Case, { objects, events }: EngineRun): Broken {
  const broken: Broken = [];
  const equal = (what: string, booked: number, recorded: number): void => {
    if (booked !== recorded) broken.push(`${what}: ${booked} in the books, ${recorded} in the recording`);
  };
  const most = (what: string, part: number, whole: number): void => {
    if (part > whole) broken.push(`${what}: ${part} of ${whole}`);
  };
  objects.forEach((counts, object) => {
    const own = events.filter((event) => event.object === object);
    const transfers = own.filter(
      (event) => (event.name === 'migration' || event.name === 'eviction') && event.source !== STORED_NO_PROCESSOR,
    );
    const bytes = (list: readonly EventRow[]): number => list.reduce((sum, event) => sum + event.bytes!, 0);
    const faults = own.filter((event) => event.name === 'fault');
    const evictions = transfers.filter((event) => event.name === 'eviction');
    equal(`o${object} migrations`, counts.migrations, bytes(transfers) / scenario.granularity);
    equal(`o${object} evictions`, counts.evictions, bytes(evictions) / scenario.granularity);
    equal(`o${object} bytesToDevice`, counts.bytesToDevice, bytes(transfers.filter((event) => event.target !== CPU)));
    equal(`o${object} bytesToHost`, counts.bytesToHost, bytes(transfers.filter((event) => event.target === CPU)));
    equal(`o${object} cpuFaults`, counts.cpuFaults, faults.filter((event) => event.processor === CPU).length);
    equal(`o${object} gpuFaults`, counts.gpuFaults, faults.filter((event) => event.processor !== CPU).length);
    equal(
      `o${object} moved bytes`,
      counts.bytesToDevice + counts.bytesToHost,
      counts.migrations * scenario.granularity,
    );
    most(
      `o${object} dead and unresolved to device`,
      counts.deadBytesToDevice + counts.unresolvedBytesToDevice,
      counts.bytesToDevice,
    );
    most(
      `o${object} dead and unresolved to host`,
      counts.deadBytesToHost + counts.unresolvedBytesToHost,
      counts.bytesToHost,
    );
    most(`o${object} useful`, counts.usefulBytes, counts.bytesToDevice + counts.bytesToHost);
    most(`o${object} prefetched`, counts.prefetchedBytes, counts.bytesToDevice + counts.bytesToHost);
  });
  return broken;
}

/**
 * Migrations and evictions name the earlier fault that led to them, unless the access counter did; a fault names the
 * latest transfer of its granule: who took it away.
 */
function causesExist(test: Case, { events }: EngineRun): Broken {
  const broken: Broken = [];
  const byOrdinal = new Map(events.map((event) => [event.ordinal!, event]));
  const latest = new Map<number, number>();
  for (const event of events) {
    if (event.name === 'fault') {
      const expected = latest.get(event.address!) ?? NO_EVENT;
      if (event.cause !== expected)
        broken.push(`event ${event.ordinal}: its cause is ${event.cause}, the granule moved last at ${expected}`);
    } else if (event.name === 'migration' || event.name === 'eviction') {
      for (const address of granulesOf(test, event)) latest.set(address, event.ordinal!);
      if (event.cause === NO_EVENT) continue;
      if (byOrdinal.get(event.cause!)?.name !== 'fault' || event.cause! >= event.ordinal!)
        broken.push(`event ${event.ordinal}: its cause ${event.cause} is no earlier fault`);
    }
  }
  return broken;
}

export const brokenInvariants = (test: Case, engine: EngineRun): Broken => [
  ...everythingWasDone(test, engine),
  ...replay(test, engine),
  ...booksBalance(test, engine),
  ...causesExist(test, engine),
];
