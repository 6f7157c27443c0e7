/** A run of the app, with its recording on disk and its timeline, goes back in mid-run and from its end. */
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { randomStream } from '../../src-core/base/random';
import type { Snapshot } from '../../src-core/base/snapshot';
import type { RunChange } from '../../src-core/model/scenario';
import { CHUNK_EVENTS } from '../../src-core/record/recorder';
import { LiveRun } from '../../src-core/session/live-run';
import { openTarget } from '../../src-core/session/open';
import { createNodePlatform } from '../../src-main/host/node-platform';
import { examplesFolder } from '../support/session-client';

const textOf = (system: string, repeat: number): string => `faultline: 1
name: back and forth
machine: ${system === 'ideal' ? 'r0' : 'pcie4-16g'}
deviceMemory: 2MiB
granularity: 4KiB
objects:
  a: { size: 2MiB, element: f64 }
  b: { size: 2MiB, element: f64, initially: host }
phases:
  - name: sweep
    repeat: ${repeat}
    steps:
      - { on: cpu, do: [ { write: a, pattern: strided, stride: 4096 } ] }
      - { on: gpu, do: [ { readwrite: b, pattern: random, count: 600 }, { read: a, pattern: random, count: 600 } ] }
`;

let folder: string;
let platform: ReturnType<typeof createNodePlatform>;
let spool: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'faultline-test-'));
  const onSpool = (path: string): void => void (spool = path);
  platform = createNodePlatform({ spoolFolder: folder, examplesFolder, uploads: new Map(), onSpool });
});
afterEach(() => {
  platform.close();
  rmSync(folder, { recursive: true, force: true });
});

interface Program {
  readonly system: string;
  /** So that the run seals a chunk on the way. */
  readonly repeat: number;
  /** Steps between two snapshots; each step is up to the next fault batch. */
  readonly stride: number;
  /** By step. */
  readonly changes: ReadonlyMap<number, RunChange>;
}

const ended = (live: LiveRun): boolean => live.state === 'finished' || live.state === 'failed';

class Walk {
  /** By step. */
  readonly snapshots = new Map<number, { readonly saved: Snapshot; readonly view: string }>();
  private at = 0;

  private constructor(
    readonly live: LiveRun,
    private readonly program: Program,
  ) {}

  static async open(program: Program): Promise<Walk> {
    const { system, repeat } = program;
    const path = join(folder, 'walk.yaml');
    writeFileSync(path, textOf(system, repeat));
    const silent = { progress: () => undefined, cancelled: () => false };
    const options = system === 'ideal' ? {} : { system: { id: system, params: {} } };
    const opened = await openTarget({ kind: 'path', path }, options, { platform, ...silent });
    if (opened.kind !== 'runnable') throw new Error('it is no workload');
    const live = await LiveRun.create(platform, opened, () => undefined, silent.progress, silent.cancelled);
    return new Walk(live, program);
  }

  /** To the end, with a snapshot every this.program.stride steps; returns everything that can be seen of the run. */
  async finish(keep: boolean): Promise<string> {
    const { live } = this;
    while (!ended(live)) {
      const change = this.program.changes.get(this.at);
      if (keep && this.at % this.program.stride === 0)
        this.snapshots.set(this.at, { saved: live.snapshot(), view: this.view() });
      if (change) live.change(change);
      await live.step();
      this.at++;
    }
    if (live.failure !== null) throw live.failure as Error;
    return this.view() + readFileSync(spool).toString('base64');
  }

  /** Summary, timeline in several resolutions, length of the file. */
  view(): string {
    const { live } = this;
    live.refresh();
    const { timeline } = live;
    const to = timeline.extentTo;
    const asked = [1, 37, 1000].map((bins) => timeline.ask({ from: 0, to, bins }));
    const part = timeline.ask({ from: to / 3, to: to / 2, bins: 50 });
    const sums = [timeline.objectSums(0, to), timeline.objectSums(to / 4, to / 2)].map((each) => ({
      ...each,
      sums: [...each.sums],
      resident: [...each.resident],
    }));
    const tracks = [...asked, part].map((answer) => answer.tracks.map(({ id, values }) => [id, ...values]));
    return JSON.stringify({
      summary: live.summary(),
      file: statSync(spool).size,
      state: [live.events, live.batches, live.accesses, live.simTimePs],
      marks: asked[0]!.marks,
      steps: asked[2]!.steps,
      tracks,
      sums,
    });
  }

  async goBack(step: number): Promise<void> {
    const { saved, view } = this.snapshots.get(step)!;
    await this.live.goBack(saved);
    this.at = step;
    expect(this.view() === view, `the view at step ${step}`).toBe(true);
  }
}

const policy = (kind: 'eviction' | 'prefetch' | 'migration', id: string, params = {}): RunChange => ({
  kind,
  id,
  params,
});
const knob = (id: string, params: RunChange['params']): RunChange => ({ kind: 'system', id, params });

const PROGRAMS: readonly Program[] = [
  {
    system: 'ideal',
    repeat: 22,
    stride: 900,
    changes: new Map([
      [1000, policy('eviction', 'random')],
      [9000, policy('prefetch', 'none')],
    ]),
  },
  { system: 'hmm', repeat: 25, stride: 60, changes: new Map([[500, policy('eviction', 'random')]]) },
  {
    system: 'nvidia-uvm',
    repeat: 30,
    stride: 90,
    changes: new Map([[400, knob('nvidia-uvm', { uvm_perf_prefetch_threshold: 90 })]]),
  },
  { system: 'amd-svm', repeat: 120, stride: 60, changes: new Map() },
  { system: 'uvmsmart', repeat: 30, stride: 900, changes: new Map() },
];

describe.each(PROGRAMS)('under $system', (program) => {
  it('a run that went back has the same file, hash and timeline at its end', async () => {
    const walk = await Walk.open(program);
    const whole = await walk.finish(true);
    expect(walk.live.events).toBeGreaterThan(CHUNK_EVENTS);
    expect(walk.live.summary().recordingHash).toMatch(/^[0-9a-f]{64}$/);
    expect(walk.live.summary().changes.length).toBe(program.changes.size);
    const random = randomStream(1, program.system);
    const steps = [...walk.snapshots.keys()];
    for (let i = 0; i < 6; i++) {
      await walk.goBack(steps[random.below(steps.length)]!);
      expect((await walk.finish(false)) === whole, 'the whole run').toBe(true);
    }
  }, 120_000);
});
