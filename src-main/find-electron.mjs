// Where an Electron binary is, and a bounded attempt to get one. Electron downloads its binary on first use, from a
// place that closed networks do not reach, so no one waits for a stalled download.
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { projectRoot } from './build-if-stale.mjs';

const packageFolder = join(projectRoot, 'node_modules/electron');
const pollMs = 250;
const stalledMs = 30_000;

/** Version of the runtime that tests can have on a closed network; test/support/electron-runtime.mjs provides it. */
export const testRuntimeVersion = '25.1.1';

/** Folder of that runtime below the user's cache folder, whether or not it is there yet. */
export function testRuntimeFolder() {
  const cache = process.env.XDG_CACHE_HOME || join(homedir(), '.cache');
  const platform = `${process.platform}-${process.arch}`;
  return join(cache, 'faultline', `electron-${testRuntimeVersion}-${platform}`);
}

const executableName = () => {
  if (process.platform === 'darwin') return 'Electron.app/Contents/MacOS/Electron';
  return process.platform === 'win32' ? 'electron.exe' : 'electron';
};

function installedExecutable() {
  const pathFile = join(packageFolder, 'path.txt');
  if (!existsSync(pathFile)) return undefined;
  const executable = join(packageFolder, 'dist', readFileSync(pathFile, 'utf8').trim());
  return existsSync(executable) ? executable : undefined;
}

/** The Electron executable to use, or undefined: the one the user names, the installed one, the test runtime if asked. */
export function findElectron() {
  const override = process.env.ELECTRON_OVERRIDE_DIST_PATH;
  if (override) {
    const executable = join(override, executableName());
    return existsSync(executable) ? executable : undefined;
  }
  const installed = installedExecutable();
  if (installed !== undefined) return installed;
  if (process.env.FAULTLINE_TEST_RUNTIME !== '1') return undefined;
  const executable = join(testRuntimeFolder(), executableName());
  return existsSync(executable) ? executable : undefined;
}

async function bytesBelow(folder) {
  let total = 0;
  for (const name of await readdir(folder, { recursive: true }).catch(() => [])) {
    const entry = await stat(join(folder, name)).catch(() => undefined);
    if (entry?.isFile()) total += entry.size;
  }
  return total;
}

/** Lets the electron package download its binary. Gives up when nothing has arrived after `patienceMs`, or when an
 *  arriving download stands still; answers the executable, or undefined. `onProgress` gets the bytes so far. */
export async function installElectron({ patienceMs, onProgress = () => {} }) {
  const script = join(packageFolder, 'install.js');
  if (!existsSync(script)) return undefined;
  const folder = await mkdtemp(join(tmpdir(), 'faultline-electron-'));
  try {
    const child = spawn(process.execPath, [script], {
      stdio: 'ignore',
      env: { ...process.env, TMPDIR: folder, TMP: folder, TEMP: folder },
    });
    const ended = new Promise((done) => child.on('close', done).on('error', done));
    let running = true;
    void ended.then(() => (running = false));
    let arrived = 0;
    let lastMoved = Date.now();
    while (running) {
      await Promise.race([ended, new Promise((done) => setTimeout(done, pollMs))]);
      const now = await bytesBelow(folder);
      if (now > arrived) {
        arrived = now;
        lastMoved = Date.now();
        onProgress(arrived);
      }
      if (running && Date.now() - lastMoved > (arrived === 0 ? patienceMs : stalledMs)) child.kill();
    }
    return installedExecutable();
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
