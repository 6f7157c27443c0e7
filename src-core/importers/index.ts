/** The foreign formats that can be opened. An importer is one file and one line here; order is the order in lists. */
import type { ByteSource } from '../model/byte-source';
import type { Importer } from '../contracts/importer';
import { accessCsv } from './access-csv';
import { lackey } from './lackey';

export const importers: readonly Importer[] = [lackey, accessCsv];

/** What sniff() is given at most. */
const HEAD_BYTES = 65_536;

export interface Pick {
  /** The surest importer, or null when none recognises the content. */
  readonly importer: Importer | null;
  readonly confidence: number;
  /** Other importers with the same confidence; the user should be asked or informed. */
  readonly ties: readonly Importer[];
}

/** Sorts importers by how sure they are of the content; the name is only passed on to them. */
export function pickImporter(head: Uint8Array, name: string, among: readonly Importer[] = importers): Pick {
  const scored = among
    .map((importer) => ({ importer, confidence: importer.sniff(head, name) }))
    .filter((entry) => entry.confidence > 0)
    .sort((a, b) => b.confidence - a.confidence);
  const [best, ...rest] = scored;
  if (!best) return { importer: null, confidence: 0, ties: [] };
  const ties = rest.filter((entry) => entry.confidence === best.confidence).map((entry) => entry.importer);
  return { importer: best.importer, confidence: best.confidence, ties };
}

/** The first bytes of a source, for sniffing. */
export async function readHead(source: ByteSource): Promise<Uint8Array> {
  const head = new Uint8Array(HEAD_BYTES);
  let length = 0;
  for await (const chunk of source.chunks()) {
    const part = chunk.subarray(0, HEAD_BYTES - length);
    head.set(part, length);
    length += part.length;
    if (length === HEAD_BYTES) break;
  }
  return head.subarray(0, length);
}
