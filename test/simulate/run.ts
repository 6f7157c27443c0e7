/** Runs one seed: steps drawn at random, and after each of them the ten properties. */
import { checkBooks } from '../unit/kernel/books';
import * as device from './operations-device';
import * as files from './operations-files';
import * as memory from './operations-memory';
import * as numa from './operations-numa';
import { chargesOf, isExclusive, PROPERTIES, type PropertyName } from './properties';
import { survey, type Survey } from './survey';
import { World } from './world';

type Operation = (world: World) => unknown;

/** Operations with their weights. */
const OPERATIONS: readonly (readonly [number, string, Operation])[] = [
  [18, 'cpu access', memory.cpuAccess],
  [1, 'wild access', memory.wildAccess],
  [7, 'mmap', memory.doMmap],
  [3, 'munmap', memory.doMunmap],
  [3, 'mprotect', memory.doMprotect],
  [4, 'mremap', memory.doMremap],
  [8, 'madvise', memory.doMadvise],
  [2, 'mlock', memory.doMlock],
  [5, 'fork', memory.doFork],
  [1, 'exit', memory.doExit],
  [1, 'exec', memory.doExec],
  [3, 'file access', files.fileAccess],
  [2, 'truncate', files.doTruncate],
  [2, 'writeback', files.doWriteback],
  [4, 'pressure', files.pressure],
  [5, 'pin', files.pin],
  [3, 'unpin', files.unpin],
  [3, 'dma', files.dma],
  [3, 'ksm', files.ksm],
  [2, 'bind', numa.bind],
  [3, 'scan', numa.scan],
  [2, 'large allocation fails', device.failLarge],
  [3, 'offload', device.offload],
  [2, 'collapse', device.collapse],
  [14, 'device access', device.deviceAccess],
  [3, 'snapshot', device.deviceSnapshot],
  [5, 'atomic', device.atomic],
  [2, 'release', device.release],
  [6, 'migrate', device.migrate],
  [6, 'begin migration', device.beginMigration],
  [4, 'begin eviction', device.beginEviction],
  [9, 'advance', device.advance],
  [2, 'evict', device.evict],
  [3, 'start job', device.startJob],
  [3, 'end job', device.endJob],
  [2, 'unplug', device.doUnplug],
  [4, 'replug', device.replug],
];
const TOTAL = OPERATIONS.reduce((sum, [weight]) => sum + weight, 0);

export interface Failure {
  readonly seed: number;
  readonly step: number;
  readonly operation: string;
  /** Which property; `books` and `exception` are the kernel's own books and assertions. */
  readonly property: PropertyName | 'books' | 'exception';
  readonly wrong: readonly string[];
}

export interface Outcome {
  readonly failure: Failure | null;
  readonly counts: ReadonlyMap<string, number>;
}

/** What a test may do to a run: plant a bug when the world stands. */
export interface Hooks {
  readonly plant?: (world: World) => void;
  readonly steps?: number;
  /** Called after every step. */
  readonly trace?: (step: number, operation: string, world: World) => void;
}

/** Steps of one run. */
const STEPS = 110;

export function runSeed(seed: number, { plant, steps = STEPS, trace }: Hooks = {}): Outcome {
  const world = new World(seed);
  for (let i = 0; i < 3; i++) memory.doMmap(world);
  for (let i = 0; i < 3; i++) memory.cpuAccess(world);
  if (world.isLarge) for (let i = 0; i < 2; i++) device.offload(world);
  plant?.(world);
  let before = survey(world);
  let charges = chargesOf(before, new Map());
  let failure: Failure | null = null;
  const step = (number: number, operation: string, run: Operation): boolean => {
    world.licence = { destroys: false, adds: true, recharges: false, restores: false };
    world.events.length = 0;
    world.observations.length = 0;
    world.unplugged = null;
    try {
      run(world);
      if (world.licence.destroys || world.licence.restores)
        for (const held of world.holds) held.lost ||= !isExclusive(held.hold);
      trace?.(number, operation, world);
      const now = survey(world);
      const found = check(world, before, now, charges);
      before = now;
      charges = chargesOf(now, charges);
      failure = found && { seed, step: number, operation, ...found };
    } catch (error) {
      failure = { seed, step: number, operation, property: 'exception', wrong: [String((error as Error).stack)] };
    }
    return failure === null;
  };
  for (let i = 0; i < steps; i++) {
    const [, name, run] = draw(world);
    if (!step(i, name, run)) return { failure, counts: world.counts };
  }
  for (const [name, run] of ENDING) if (!step(steps, name, run)) break;
  const { counters } = world.kernel;
  world.count('swapped-in', counters.swapIns);
  world.count('thp-faults', counters.thpFaults);
  world.count('thp-splits', counters.thpSplits);
  world.count('hint-faults', counters.numaHintFaults);
  world.count('numa-moved', counters.numaMigrated + counters.promoted + counters.demoted);
  for (const each of world.devices) world.count('brought-back-by-cpu-fault', each.broughtBack);
  return { failure, counts: world.counts };
}

function draw(world: World): (typeof OPERATIONS)[number] {
  let at = world.random.below(TOTAL);
  for (const each of OPERATIONS) {
    at -= each[0];
    if (at < 0) return each;
  }
  throw new Error('the weights do not add up');
}

function check(
  world: World,
  before: Survey,
  now: Survey,
  charges: ReturnType<typeof chargesOf>,
): Pick<Failure, 'property' | 'wrong'> | null {
  const state = { world, before, now, charges };
  for (const [property, holds] of Object.entries(PROPERTIES)) {
    const wrong = holds(state);
    if (wrong.length > 0) return { property: property as PropertyName, wrong: wrong.slice(0, 6) };
  }
  return null;
}

/** Everything that is held is let go; every byte is read once more, by a CPU and by both devices; then all is freed. */
const ENDING: readonly (readonly [string, Operation])[] = [
  ['finish', device.finishAll],
  ['let go', letGo],
  ['read everything', readEverything],
  ['leave', leave],
];

function letGo(world: World): void {
  while (world.pins.length > 0) files.unpin(world);
  while (world.jobs.length > 0) device.endJob(world);
  const wrong = checkBooks(world.kernel);
  for (const text of wrong) world.wrong(`books: ${text}`);
}

function readEverything(world: World): void {
  for (const owner of world.processes)
    for (const vpn of owner.space.pages.keys())
      if (!world.isLarge || world.chance(10)) memory.cpuRead(world, owner, vpn);
}

function leave(world: World): void {
  while (world.processes.length > 1) memory.doExit(world);
  memory.doExec(world);
  world.licence.destroys = true;
  for (const { memory: each } of world.devices)
    if (each.inUse.size > 0) world.wrong(`${each.name} has ${each.inUse.size} folios in use, and no process is left`);
  if (world.kernel.swap.size !== world.files.reduce((sum, { inode }) => sum + inode.swapped.size, 0))
    world.wrong(`${world.kernel.swap.size} swap slots are in use, and no process is left`);
}
