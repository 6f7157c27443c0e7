/** Title and summary of a workload file, without reading the rest of it: what a list of files shows. */
import { readDocument } from './document';
import { loadWorkload } from './read';

export interface WorkloadHead {
  readonly name: string;
  readonly about: string;
}

/** Top-level sections `name:` and `about:` of block-style YAML, with their continuation lines. */
function headLines(text: string): string {
  let isHead = false;
  const kept = text.split('\n').filter((line) => {
    if (/^[^\s#]/.test(line)) isHead = /^(name|about):/.test(line);
    return isHead;
  });
  return kept.join('\n');
}

/**
 * Equals `name` and `about` of `loadWorkload`. A file that is not written in block style (JSON, say) is loaded whole; throws
 * Refusal where that does.
 */
export function readHead(text: string, file: string): WorkloadHead {
  const lines = headLines(text);
  const { name, about = '' } = (lines === '' ? {} : readDocument(lines, file).data) as Partial<WorkloadHead>;
  if (typeof name === 'string' && typeof about === 'string') return { name, about: about.trim() };
  return loadWorkload(text, file);
}
