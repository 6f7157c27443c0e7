// The slow half of build-if-stale.mjs: hashes contents, takes the lock, builds. Loaded only where sizes or times differ.
import { createHash } from 'node:crypto';
import { renameSync, writeFileSync } from 'node:fs';
import { mkdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { listSources, namesIn, readStamp, STAMP_FILE, stampText } from './source-stamp.mjs';

const lockIsOldMs = 180_000;
const waitForOtherMs = 200;

async function contentHash(root, listing) {
  const hash = createHash('sha256');
  for (const name of namesIn(listing)) {
    hash
      .update(`${name}\0`)
      .update(await readFile(join(root, name)))
      .update('\0');
  }
  return hash.digest('hex');
}

/** In one step, so that no other process reads half a stamp. */
function writeStamp(out, stamp) {
  const file = join(out, STAMP_FILE);
  const whole = `${file}.${process.pid}`;
  writeFileSync(whole, stampText(stamp));
  renameSync(whole, file);
}

/** Takes the build lock, or answers false after another process has released it. */
async function takeLock(lock) {
  try {
    await mkdir(lock);
    return true;
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
  }
  for (;;) {
    const held = await stat(lock).catch(() => undefined);
    if (held === undefined) return false;
    if (Date.now() - held.mtimeMs > lockIsOldMs) {
      await rm(lock, { recursive: true, force: true });
      return false;
    }
    await new Promise((done) => setTimeout(done, waitForOtherMs));
  }
}

/** The sources as they are. What changes while they are hashed has other times than the listing, so it is seen next time. */
async function sourcesNow({ root, inputs }) {
  const listing = listSources(root, inputs);
  return { hash: await contentHash(root, listing), listing };
}

/** Calls `build` unless the last build was made from these contents; safe when several processes do so at once. */
export async function bringUpToDate({ root, out, inputs, build, force = false }) {
  const lock = join(out, '.building');
  await mkdir(out, { recursive: true });
  for (;;) {
    const wanted = await sourcesNow({ root, inputs });
    const isBuilt = () => !force && readStamp(out).hash === wanted.hash;
    if (isBuilt()) return writeStamp(out, wanted); // only sizes or times had changed
    if (!(await takeLock(lock))) continue;
    try {
      if (isBuilt()) return;
      await rm(join(out, STAMP_FILE), { force: true });
      await build();
      return writeStamp(out, wanted);
    } finally {
      await rm(lock, { recursive: true, force: true });
    }
  }
}
