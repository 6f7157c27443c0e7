// `npm start` and `npm run dev`: opens the desktop app on the first-run example, or, where there is no Electron binary
// or no display, serves the same app to a browser. The choice takes at most 20 s and is said in one line.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { buildIfStale, projectRoot } from './build-if-stale.mjs';
import { findElectron, installElectron } from './find-electron.mjs';

const firstRunExample = 's1-jacobi-residual';
const downloadPatienceMs = 12_000;
/** An Electron that cannot start at all says so well within this time. */
const startUpMs = 20_000;
const cannotStart = /Missing X server|cannot open display|error while loading shared libraries/i;

const say = (line) => process.stderr.write(`faultline: ${line}\n`);

function hasDisplay() {
  if (process.platform !== 'linux') return true;
  return Boolean(process.env.DISPLAY || process.env.WAYLAND_DISPLAY);
}

/** The Electron executable, or why the desktop app cannot be opened. */
async function chooseElectron() {
  if (!hasDisplay()) return { why: 'there is no display' };
  let executable = findElectron();
  if (executable === undefined && !process.env.ELECTRON_OVERRIDE_DIST_PATH) {
    say('Electron is not installed yet, downloading it…');
    let said = 0;
    const onProgress = (bytes) => {
      if (bytes - said < 20e6) return;
      said = bytes;
      say(`downloading Electron: ${(bytes / 1e6).toFixed(0)} MB`);
    };
    executable = await installElectron({ patienceMs: downloadPatienceMs, onProgress });
  }
  return executable === undefined ? { why: "Electron's binary cannot be downloaded" } : { executable };
}

/** Runs a program in the foreground; signals that end us end it. Returns its exit code and the start of its stderr. */
function run(executable, args, env = process.env) {
  return new Promise((done, fail) => {
    const child = spawn(executable, args, { cwd: projectRoot, env, stdio: ['inherit', 'inherit', 'pipe'] });
    let head = '';
    child.stderr.on('data', (chunk) => {
      if (head.length < 10_000) head += chunk.toString('utf8');
      process.stderr.write(chunk);
    });
    const end = (signal) => child.kill(signal);
    process.on('SIGINT', end).on('SIGTERM', end);
    child.on('error', fail);
    child.on('close', (code, signal) => {
      process.off('SIGINT', end).off('SIGTERM', end);
      done({ code: code ?? (signal === 'SIGINT' || signal === 'SIGTERM' ? 0 : 1), head });
    });
  });
}

async function serve(files, why) {
  say(`${why}: opening the app from the headless server instead`);
  await buildIfStale();
  const what = files.length > 0 ? files : ['--example', firstRunExample];
  return (await run(process.execPath, [join(projectRoot, 'out/main/cli.cjs'), 'serve', ...what])).code;
}

async function develop(executable, asRoot, what) {
  const program = join(projectRoot, 'node_modules/electron-vite/bin/electron-vite.js');
  const env = { ...process.env, ELECTRON_EXEC_PATH: executable, ...(asRoot ? { NO_SANDBOX: '1' } : {}) };
  return (await run(process.execPath, [program, 'dev', '--watch', '--', ...what], env)).code;
}

async function main() {
  const dev = process.argv.includes('--dev');
  const files = process.argv.slice(2).filter((argument) => !argument.startsWith('-'));
  if (!existsSync(join(projectRoot, 'node_modules/electron-vite'))) {
    throw new Error('the packages are not installed: run `npm ci` first');
  }
  if (!dev) await buildIfStale();

  const choice = await chooseElectron();
  if (choice.executable === undefined) return serve(files, choice.why);

  const asRoot = process.getuid?.() === 0;
  if (asRoot) say('running as root, so Electron starts with --no-sandbox');
  const what = files.length > 0 ? files : [join(projectRoot, `examples/${firstRunExample}.yaml`)];
  if (dev) return develop(choice.executable, asRoot, what);

  const started = Date.now();
  const ended = await run(choice.executable, [projectRoot, ...(asRoot ? ['--no-sandbox'] : []), ...what]);
  const failedToStart = ended.code !== 0 && Date.now() - started < startUpMs && cannotStart.test(ended.head);
  return failedToStart ? serve(files, 'Electron cannot start here') : ended.code;
}

try {
  process.exitCode = await main();
} catch (error) {
  say(error.message);
  process.exitCode = 1;
}
