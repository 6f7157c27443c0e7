// Checks whether `out/` was built from the current sources. The stamp of a build holds the content hash of its inputs
// and, per file, size and times. Equal sizes and times mean "unchanged" after 10 ms; otherwise the contents decide, so that
// a checkout which only touched files is not built again. The time of change (ctime) is part of it: an editor or `touch -r`
// can set the time of modification back, not this one.
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** Name of the stamp in the output folder. */
export const STAMP_FILE = '.stamp';

function addFile(path, name, lines) {
  const entry = statSync(path, { throwIfNoEntry: false });
  if (entry === undefined) return; // removed while we look: the next call sees the folder without it
  if (entry.isDirectory()) addFolder(path, name, lines);
  else lines.push(`${name}\t${entry.size}\t${entry.mtimeMs}\t${entry.ctimeMs}`);
}

function addFolder(path, name, lines) {
  for (const entry of readdirSync(path).sort()) addFile(join(path, entry), `${name}/${entry}`, lines);
}

/** One line per source file below `root`: name, bytes, modification and change time in milliseconds, tab-separated. */
export function listSources(root, inputs) {
  const lines = [];
  for (const input of inputs) addFile(join(root, input), input, lines);
  return lines.join('\n');
}

/** Names in a listing. */
export const namesIn = (listing) =>
  listing.split('\n').flatMap((line) => (line === '' ? [] : [line.slice(0, line.indexOf('\t'))]));

/** The stamp of the last finished build: the hash of its inputs' contents and their listing. Empty texts without one. */
export function readStamp(out) {
  let text;
  try {
    text = readFileSync(join(out, STAMP_FILE), 'utf8');
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
    return { hash: '', listing: '' };
  }
  const end = text.indexOf('\n');
  return { hash: text.slice(0, end), listing: text.slice(end + 1) };
}

export const stampText = ({ hash, listing }) => `${hash}\n${listing}`;
