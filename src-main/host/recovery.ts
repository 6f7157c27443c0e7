/** Keeps what was recorded when the engine died. */
import { copyFile, mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** Recovered recordings can be large: older ones than these make room. */
const MOST_KEPT = 5;
const PREFIX = 'recovered-';

/** Moves a recording to a folder that outlives the session. Null when nothing was recorded. */
export async function keepRecording(spool: string | null, folder: string): Promise<string | null> {
  if (spool === null || (await stat(spool)).size === 0) return null;
  await mkdir(folder, { recursive: true });
  const older = (await readdir(folder)).filter((name) => name.startsWith(PREFIX)).sort();
  for (const name of older.slice(0, Math.max(0, older.length - MOST_KEPT + 1)))
    await rm(join(folder, name), { force: true });
  const when = new Date().toISOString().replace(/[:.]/g, '-');
  const kept = join(folder, `${PREFIX}${when}.arrow`);
  try {
    await rename(spool, kept);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EXDEV') throw cause;
    await copyFile(spool, kept); // the temporary folder is often another file system
    await rm(spool, { force: true });
  }
  return kept;
}
