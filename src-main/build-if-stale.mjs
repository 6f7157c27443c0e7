// Builds `out/` when a source, a setting or the lock file changed since the last build. Shared by `npm start`,
// `npm run build`, `npm test` and `npx faultline`; safe when several of them start at the same time.
import { existsSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { listSources, readStamp } from './source-stamp.mjs';

export const projectRoot = fileURLToPath(new URL('..', import.meta.url));
const out = join(projectRoot, 'out');
const inputs = ['src-core', 'src-main', 'src-renderer', 'package.json', 'package-lock.json', 'electron.vite.config.ts'];

async function runBuild() {
  const program = join(projectRoot, 'node_modules/electron-vite/bin/electron-vite.js');
  if (!existsSync(program)) throw new Error('the packages are not installed: run `npm ci` first');
  const { spawn } = await import('node:child_process');
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

async function build() {
  process.stderr.write('faultline: building… ');
  const started = Date.now();
  await runBuild();
  process.stderr.write(`done in ${((Date.now() - started) / 1000).toFixed(1)} s\n`);
}

/** Brings `out/` up to date. Progress goes to stderr; a failed build throws with the whole output of the builder. */
export async function buildIfStale({ force = false } = {}) {
  if (!force && readStamp(out).listing === listSources(projectRoot, inputs)) return;
  const { bringUpToDate } = await import('./bring-up-to-date.mjs');
  await bringUpToDate({ root: projectRoot, out, inputs, build, force });
}

if (process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  await buildIfStale({ force: process.argv.includes('--force') }).catch((error) => {
    console.error(`faultline: ${error.message}`);
    process.exitCode = 1;
  });
}
