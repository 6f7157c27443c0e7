// Finds what the end-to-end tests and the bench need from the operating system and, as root on Debian or Ubuntu, installs it:
//   node test/support/system-packages.mjs
// Elsewhere it prints the exact command and exits 1.
import { execFileSync, spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, realpathSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const chromiumNames = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome'];
const chromiumElsewhere = {
  darwin: [
    '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
    '/Applications/Chromium.app/Contents/MacOS/Chromium',
  ],
  win32: ['C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe'],
};

/** Shared libraries that Electron loads, each with the Debian package that has it. */
const libraries = {
  'libgtk-3.so.0': 'libgtk-3-0',
  'libnss3.so': 'libnss3',
  'libasound.so.2': 'libasound2',
  'libgbm.so.1': 'libgbm1',
  'libatk-bridge-2.0.so.0': 'libatk-bridge2.0-0',
  'libcups.so.2': 'libcups2',
  'libdrm.so.2': 'libdrm2',
  'libxkbcommon.so.0': 'libxkbcommon0',
  'libXcomposite.so.1': 'libxcomposite1',
  'libXdamage.so.1': 'libxdamage1',
  'libXrandr.so.2': 'libxrandr2',
  'libxshmfence.so.1': 'libxshmfence1',
};

function onPath(name) {
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    try {
      accessSync(join(folder, name), constants.X_OK);
      return join(folder, name);
    } catch {
      // not in this folder
    }
  }
  return undefined;
}

/** The Chromium to test with: the one FAULTLINE_CHROMIUM names, or one of the usual places. */
export function findChromium() {
  if (process.env.FAULTLINE_CHROMIUM) return process.env.FAULTLINE_CHROMIUM;
  for (const name of chromiumNames) {
    const found = onPath(name);
    if (found !== undefined) return found;
  }
  return (chromiumElsewhere[process.platform] ?? []).find((path) => existsSync(path));
}

function knownLibraries() {
  const program = onPath('ldconfig') ?? '/sbin/ldconfig';
  const listed = spawnSync(program, ['-p'], { encoding: 'utf8' });
  return listed.status === 0 ? listed.stdout : '';
}

/** Debian package names of what is missing; empty when all is there. */
export function missingPackages() {
  const missing = findChromium() === undefined ? ['chromium'] : [];
  if (process.platform !== 'linux') return missing;
  if (onPath('Xvfb') === undefined) missing.push('xvfb');
  if (onPath('xauth') === undefined) missing.push('xauth');
  if (onPath('gcc') === undefined) missing.push('gcc', 'libc6-dev'); // the C reference of the bench
  const known = knownLibraries();
  for (const [library, name] of Object.entries(libraries)) if (!known.includes(`${library} `)) missing.push(name);
  return missing;
}

/** Newer Debian and Ubuntu renamed some libraries (64-bit time): takes the name that this system knows. */
function nameHere(name) {
  const renamed = `${name}t64`;
  return spawnSync('apt-cache', ['show', renamed], { stdio: 'ignore' }).status === 0 ? renamed : name;
}

const mayInstall = () =>
  process.platform === 'linux' &&
  process.getuid?.() === 0 &&
  onPath('apt-get') !== undefined &&
  onPath('dpkg') !== undefined;

function install(names) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const apt = (...args) => execFileSync('apt-get', ['-qq', ...args], { env, stdio: ['ignore', 'ignore', 'inherit'] });
  process.stderr.write(`system-packages: installing ${names.join(', ')}…\n`);
  apt('update');
  apt('install', '-y', '--no-install-recommends', ...names.map(nameHere), 'fonts-dejavu-core');
}

const advice = (names) =>
  process.platform === 'linux'
    ? `sudo apt-get update && sudo apt-get install -y --no-install-recommends ${names.join(' ')}`
    : 'install Google Chrome or Chromium, or set FAULTLINE_CHROMIUM to its executable';

/** Installs what is missing where it may; answers undefined, or what is missing with the command that installs it. */
export function ensureSystemPackages() {
  let missing = missingPackages();
  if (missing.length === 0) return undefined;
  if (mayInstall()) {
    try {
      install(missing);
    } catch (error) {
      process.stderr.write(`system-packages: ${error.message}\n`);
    }
    missing = missingPackages();
    if (missing.length === 0) return undefined;
  }
  return `missing on this machine: ${missing.join(', ')}. Install with:\n  ${advice(missing)}`;
}

if (process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const problem = ensureSystemPackages();
  console.log(problem ?? 'everything is here');
  process.exitCode = problem === undefined ? 0 : 1;
}
