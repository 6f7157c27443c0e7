/** Names that exported files are offered under. Pure. */

export type ExportFormat = 'html' | 'pdf' | 'json' | 'csv' | 'recording';

const RUN_ID_LENGTH = 8;

/** @param hash of the recording of a finished run; null while there is none. */
export function exportName(title: string, hash: string | null, format: ExportFormat): string {
  const slug = title.replace(/[^A-Za-z0-9._-]+/g, '-').replace(/^-+|-+$/g, '') || 'faultline';
  const run = hash ? `-${hash.slice(0, RUN_ID_LENGTH)}` : '';
  return `${slug}${run}.${format === 'recording' ? 'arrow' : format}`;
}
