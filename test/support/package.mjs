// `npm run package`: builds the desktop packages with electron-builder. `npm run package -- deb AppImage` names the
// targets; without names, a directory and a tar.gz. Where Electron's own binary cannot be had, the test runtime takes
// its place so that packaging itself can be tried; such a package says TEST in its name and must not be shipped.
import { spawn } from 'node:child_process';
import { chmod, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { buildIfStale, projectRoot } from '../../src-main/build-if-stale.mjs';
import fuses from '@electron/fuses';
import { testRuntimeFolder, testRuntimeVersion } from '../../src-main/find-electron.mjs';
import { provideElectron } from './electron-runtime.mjs';

const defaultTargets = ['dir', 'tar.gz'];

/** electron-builder downloads its 7-Zip where it is not told of one. */
async function sevenZip() {
  const { path7za } = createRequire(import.meta.url)('7zip-bin');
  if (process.platform !== 'win32') await chmod(path7za, 0o755);
  return path7za;
}

async function electronOptions() {
  const folder = dirname(await provideElectron());
  if (folder === testRuntimeFolder()) {
    console.error(`package: with the test runtime, Electron ${testRuntimeVersion}: to try the package, not to ship it`);
    return [
      `-c.electronDist=${folder}`,
      `-c.electronVersion=${testRuntimeVersion}`,
      '-c.artifactName=${name}-${version}-${os}-${arch}-TEST.${ext}',
    ];
  }
  // An installed electron package is what the configuration asks for: only that one saves the download.
  const wanted = JSON.parse(await readFile(join(projectRoot, 'node_modules/electron/package.json'), 'utf8')).version;
  const installed = join(projectRoot, 'node_modules/electron/dist');
  return folder.startsWith(installed) ? [`-c.electronDist=${installed}`, `-c.electronVersion=${wanted}`] : [];
}

async function main() {
  const targets = process.argv.slice(2).filter((word) => !word.startsWith('-'));
  await buildIfStale();
  const platform = { darwin: '--mac', win32: '--win' }[process.platform] ?? '--linux';
  const program = join(projectRoot, 'node_modules/electron-builder/cli.js');
  const options = await electronOptions();
  const args = [
    program,
    platform,
    ...(targets.length > 0 ? targets : defaultTargets),
    '--publish',
    'never',
    ...options,
  ];
  const env = {
    ...process.env,
    ELECTRON_BUILDER_7ZIP_PATH: await sevenZip(),
    ELECTRON_BUILDER_COMPRESSION_LEVEL: process.env.ELECTRON_BUILDER_COMPRESSION_LEVEL ?? '3',
  };
  const code = await new Promise((done, fail) => {
    const child = spawn(process.execPath, args, { cwd: projectRoot, env, stdio: 'inherit' });
    child.on('error', fail);
    child.on('close', (ended) => done(ended ?? 1));
  });
  return code === 0 ? checkFuses() : code;
}

const { FuseV1Options, getCurrentFuseWire } = fuses;
/** States in the binary's fuse wire, as Electron's tutorial on fuses describes them: the characters 0 and 1. */
const OFF = 48;
const ON = 49;

/** Reads the fuses back from what was packaged: they are the last wall, so a wrong one fails the packaging. */
async function checkFuses() {
  const packaged = join(projectRoot, 'dist/linux-unpacked/faultline');
  if (process.platform !== 'linux') return 0;
  const wire = await getCurrentFuseWire(packaged);
  const wanted = {
    RunAsNode: OFF,
    EnableCookieEncryption: ON,
    EnableNodeOptionsEnvironmentVariable: OFF,
    EnableNodeCliInspectArguments: OFF,
    OnlyLoadAppFromAsar: ON,
  };
  const wrong = Object.entries(wanted).filter(([name, state]) => wire[FuseV1Options[name]] !== state);
  console.error(
    wrong.length === 0 ? 'package: fuses are set' : `package: wrong fuses: ${wrong.map(([name]) => name).join(', ')}`,
  );
  return wrong.length === 0 ? 0 : 1;
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error(`package: ${error.message}`);
  process.exitCode = 1;
}
