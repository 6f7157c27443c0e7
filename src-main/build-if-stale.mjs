// Builds `out/` when a source, a setting or the lock file changed since the last build. Shared by `npm start`,
// `npm run build`, `npm test` and `npx faultline`; safe when several of them start at the same time.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, realpathSync } from 'node:fs';
import { mkdir, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

export const projectRoot = fileURLToPath(new URL('..', import.meta.url));
const out = join(projectRoot, 'out');
const stampFile = join(out, '.stamp');
const lock = join(out, '.building');
const inputs = ['src-core', 'src-main', 'src-renderer', 'package.json', 'package-lock.json', 'electron.vite.config.ts'];
const lockIsOldMs = 180_000;
const waitForOtherMs = 200;

async function* filesBelow(path) {
  const entry = await stat(path).catch(() => undefined);
  if (entry === undefined) return;
  if (entry.isFile()) {
    yield path;
    return;
  }
  for (const name of (await readdir(path)).sort()) yield* filesBelow(join(path, name));
}

async function sourceHash() {
  const hash = createHash('sha256');
  for (const input of inputs) {
    for await (const file of filesBelow(join(projectRoot, input))) {
      hash
        .update(`${relative(projectRoot, file)}\0`)
        .update(await readFile(file))
        .update('\0');
    }
  }
  return hash.digest('hex');
}

const stamp = () => readFile(stampFile, 'utf8').catch(() => '');

/** Takes the build lock, or answers false after another process has released it. */
async function takeLock() {
  await mkdir(out, { recursive: true });
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

function runBuild() {
  const program = join(projectRoot, 'node_modules/electron-vite/bin/electron-vite.js');
  if (!existsSync(program)) throw new Error('the packages are not installed: run `npm ci` first');
  return new Promise((done, fail) => {
    const child = spawn(process.execPath, [program, 'build'], { cwd: projectRoot, stdio: ['ignore', 'pipe', 'pipe'] });
    const output = [];
    child.stdout.on('data', (chunk) => output.push(chunk));
    child.stderr.on('data', (chunk) => output.push(chunk));
    child.on('error', fail);
    child.on('close', (code) => {
      if (code === 0) done();
      else fail(new Error(`the build failed\n${Buffer.concat(output).toString('utf8')}`));
    });
  });
}

/** Brings `out/` up to date. Progress goes to stderr; a failed build throws with the whole output of the builder. */
export async function buildIfStale({ force = false } = {}) {
  for (;;) {
    const wanted = await sourceHash();
    if (!force && (await stamp()) === wanted) return;
    if (!(await takeLock())) continue;
    try {
      if (!force && (await stamp()) === wanted) return;
      process.stderr.write('faultline: building… ');
      const started = Date.now();
      await rm(stampFile, { force: true });
      await runBuild();
      await writeFile(stampFile, wanted);
      process.stderr.write(`done in ${((Date.now() - started) / 1000).toFixed(1)} s\n`);
      return;
    } finally {
      await rm(lock, { recursive: true, force: true });
    }
  }
}

if (process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  await buildIfStale({ force: process.argv.includes('--force') }).catch((error) => {
    console.error(`faultline: ${error.message}`);
    process.exitCode = 1;
  });
}
