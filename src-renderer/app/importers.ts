/** Which importers may want further files beside the one that was chosen. Pure. */
import type { Description } from '../../src-core/protocol/answers';

export type Importer = Description['importers'][number];

/** Names that tracers give their output; anything else is opened at once. */
const TRACE_NAME = /lackey|\.(zst|gz|log|out|txt)$|\.(log|out)\.\d+$/i;
const COMPRESSED = /\.(gz|zst)$/i;
const OWN_FORMATS = ['yaml', 'yml', 'json', 'arrow', 'faultline'];

/** Importers that could read a file of this name and take further files; none for our own formats. */
export function importersFor(name: string, importers: readonly Importer[]): readonly Importer[] {
  const extension = /\.([^./\\]+)$/.exec(name.replace(COMPRESSED, ''))?.[1]?.toLowerCase() ?? '';
  if (OWN_FORMATS.includes(extension) || !TRACE_NAME.test(name)) return [];
  const named = importers.filter((importer) => importer.extensions.includes(extension));
  return (named.length > 0 ? named : importers).filter((importer) => importer.auxiliary.length > 0);
}
