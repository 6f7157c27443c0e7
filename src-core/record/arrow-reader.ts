/** Reads a recording, chunk by chunk, in the order of the events. */
import { RecordBatchReader } from 'apache-arrow';
import type { ByteSource } from '../model/byte-source';
import { FORMAT_VERSION } from '../model/events';
import type { Finding } from '../model/finding';
import type { RecordingHeader } from '../model/recording';
import { Refusal } from '../model/refusal';
import { HEADER_KEY } from './arrow-schema';
import { type CreateHash, hashPacked, RecordingHash } from './chunk-hash';
import type { EventChunk } from './columns';
import { formerChunks } from './former-formats';
import { packedChunks } from './packed-reader';

/** The first format whose columns are packed. */
const PACKED = 4;
/** The first format whose hash is made of the digests of its chunks. */
const CHUNK_DIGESTS = 5;

/** First bytes of an Arrow IPC stream: the continuation marker before the schema message. */
export const looksLikeRecording = (head: Uint8Array): boolean =>
  head.length >= 8 && head[0] === 0xff && head[1] === 0xff && head[2] === 0xff && head[3] === 0xff;

export interface OpenRecording {
  readonly header: RecordingHeader;
  /**
   * Yields every chunk once; afterwards `findings` lists what was missing.
   * @param createHash null: no digest is computed
   */
  chunks(createHash: CreateHash | null): AsyncIterable<EventChunk>;
  /** The hash of the chunks that were given, as the format of the file defines it. */
  digest(): string;
  readonly findings: Finding[];
}

export async function openRecording(source: ByteSource): Promise<OpenRecording> {
  const damaged = (what: string): Refusal =>
    new Refusal(`${source.name}: ${what}; expected a recording made by Faultline (run --record)`);
  let reader;
  try {
    reader = await RecordBatchReader.from(source.chunks());
    await reader.open({ autoDestroy: true });
  } catch (cause) {
    if (cause instanceof Refusal) throw cause;
    throw damaged(`not a readable Arrow stream (${cause instanceof Error ? cause.message : String(cause)})`);
  }
  const text = (reader.schema as { metadata: Map<string, string> } | undefined)?.metadata.get(HEADER_KEY);
  if (text === undefined) throw damaged('an Arrow stream without a Faultline header');
  let header: RecordingHeader;
  try {
    header = JSON.parse(text) as RecordingHeader;
  } catch {
    throw damaged('the header is not JSON');
  }
  if (header.format > FORMAT_VERSION)
    throw new Refusal(
      `${source.name}: recorded in format ${header.format}; this version reads up to format ${FORMAT_VERSION}. Open it with a newer Faultline.`,
    );
  const findings: Finding[] = [];
  let digest = (): string => '';
  const chunksOf = (createHash: CreateHash | null): AsyncIterable<EventChunk> => {
    if (header.format >= CHUNK_DIGESTS) {
      const hash = createHash && new RecordingHash(createHash);
      if (hash) digest = () => hash.digest();
      return packedChunks(reader, hash && ((chunk) => hash.add(chunk)));
    }
    const hash = createHash?.() ?? null;
    if (hash) digest = () => hash.digest();
    if (header.format < PACKED) return formerChunks(reader, hash, header.scenario.granularity);
    return packedChunks(reader, hash && ((chunk) => hashPacked(hash, chunk)));
  };
  return {
    header,
    findings,
    chunks: (createHash) => untilDamage(chunksOf(createHash), source.name, findings),
    digest: () => digest(),
  };
}

/** Unreadable data ends the recording and becomes a finding. */
async function* untilDamage(
  chunks: AsyncIterable<EventChunk>,
  name: string,
  findings: Finding[],
): AsyncIterable<EventChunk> {
  try {
    yield* chunks;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const message = `${name} is truncated (${reason}); the saved part is shown`;
    findings.push({ kind: 'recording-cut', severity: 'warning', count: 1, message });
  }
}
