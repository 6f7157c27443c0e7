/** Recordings in memory: made by the real engine, given back as bytes. */
import { createMemory } from '../../../src-core/session/create-memory';
import { Run } from '../../../src-core/engine/run';
import type { ByteSource } from '../../../src-core/model/byte-source';
import { FORMAT_VERSION } from '../../../src-core/model/events';
import type { MachineSpec } from '../../../src-core/model/machine';
import type { RecordingHeader } from '../../../src-core/model/recording';
import type { ScenarioSpec } from '../../../src-core/model/scenario';
import { findPolicy } from '../../../src-core/policies';
import { r0 } from '../../../src-core/presets/machines/r0';
import type { AccessSource } from '../../../src-core/contracts/access-stream';
import { ArrowWriter } from '../../../src-core/record/arrow-writer';
import { openRecording } from '../../../src-core/record/arrow-reader';
import type { EventChunk } from '../../../src-core/record/columns';
import { Recorder } from '../../../src-core/record/recorder';
import { lastMoment } from '../../support/events';
import { makeHash, makeScenario, rowsOf, type EventRow } from '../../property/drive';
import { sourceOf } from '../../property/random-program';

export const headerOf = (source: AccessSource, scenario: ScenarioSpec, machine: MachineSpec = r0): RecordingHeader => ({
  format: FORMAT_VERSION,
  engineVersion: 'test',
  title: source.name,
  about: '',
  workload: { name: source.name, file: null, kind: 'workload', sha256: '' },
  workloadText: '',
  machine,
  scenario,
  axis: machine.timing ? 'time' : 'accesses',
  devices: source.devices,
  objects: source.space.objects,
  regions: source.space.regions,
  spaceBytes: source.space.bytes,
});

export interface Recorded {
  readonly header: RecordingHeader;
  readonly bytes: Uint8Array;
  /** The rows as the recorder sealed them. */
  readonly rows: readonly EventRow[];
  readonly chunks: readonly EventChunk[];
  readonly run: Run;
}

/** Two objects bouncing between the CPU and one device that cannot hold both. */
export const bouncing = (rounds: number): AccessSource => {
  const bytes = 32 * 4096;
  const objects = [0, 1].map(() => ({ bytes, elementBytes: 4096, isOnHost: false }));
  const sweep = (processor: number, object: number, op: 0 | 1) => ({
    kind: 'step' as const,
    step: {
      processor,
      batches: [
        {
          kind: 'groups' as const,
          groups: [
            { count: 32, lanes: [{ op, object, address: object * 2 * 1024 * 1024, stride: 4096, bytes: 4096 }] },
          ],
        },
      ],
    },
  });
  const round = [sweep(0, 0, 1), sweep(1, 0, 0), sweep(1, 1, 1), sweep(0, 1, 0)];
  return sourceOf({ objects, parts: Array.from({ length: rounds }, () => round).flat() }, 'bouncing');
};

export async function record(
  source: AccessSource,
  changes: Partial<ScenarioSpec> = {},
  machine: MachineSpec = r0,
): Promise<Recorded> {
  const scenario = makeScenario({ deviceMemoryBytes: 40 * 4096, ...changes });
  const header = headerOf(source, scenario, machine);
  const parts: Uint8Array[] = [];
  const writer = new ArrowWriter(header, {
    write: (bytes) => void parts.push(bytes.slice()),
    truncate: () => undefined,
    close: () => undefined,
  });
  const rows: EventRow[] = [];
  const recorder = new Recorder(
    makeHash,
    {
      chunk: (chunk, packed) => {
        rows.push(...rowsOf(chunk));
        writer.chunk(chunk, packed);
      },
    },
    null,
  );
  const run = new Run(
    { source, machine, scenario, findPolicy: (choice) => findPolicy(choice.kind, choice.id), createMemory, recorder },
    null,
  );
  while (!run.finished) await run.advance(100_000);
  recorder.end(lastMoment(run), (hash) => JSON.stringify({ hash }));
  writer.close();
  const bytes = new Uint8Array(Buffer.concat(parts));
  const chunks: EventChunk[] = [];
  const opened = await openRecording(sourceOfBytes(bytes));
  for await (const chunk of opened.chunks(null)) chunks.push(chunk);
  return { header, bytes, rows, chunks, run };
}

/** Bytes as a file that is read in chunks of `size`. */
export function sourceOfBytes(bytes: Uint8Array, name = 'test.arrow', size = 65_536): ByteSource {
  return {
    name,

    async *chunks() {
      for (let at = 0; at < bytes.length; at += size) yield bytes.slice(at, at + size);
    },
    progress: () => ({ read: 0, total: bytes.length }),
  };
}
