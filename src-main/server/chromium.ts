/** Chromium as a PDF printer, where one is installed. */
import { execFile } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, isAbsolute, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { Refusal } from '../../src-core/model/refusal';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome', 'chrome', 'msedge'];
const USUAL_PLACES = [
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
];
const PATIENCE_MS = 60_000;

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false; // not there or not ours to run: both mean "not this one"
  }
}

/** The executable of a Chromium or Chrome: FAULTLINE_CHROMIUM, one on the PATH, or one in the usual places. */
export function findChromium(): string | null {
  const named = process.env['FAULTLINE_CHROMIUM'];
  if (named !== undefined && named !== '') return isExecutable(named) ? named : null;
  const folders = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => isAbsolute(folder));
  const onPath = NAMES.flatMap((name) => folders.map((folder) => join(folder, name)));
  return [...onPath, ...USUAL_PLACES].find(isExecutable) ?? null;
}

export const NO_PRINTER =
  'a PDF needs Electron or Chromium, and neither was found; install one, set FAULTLINE_CHROMIUM to its path, or export HTML and print it';

/** The report as PDF. Refused where there is no Chromium, or one that does not print. The report brings its own
 *  content security policy: printing from the command line needs script, so it cannot be switched off here. */
export async function printWithChromium(html: string): Promise<Uint8Array> {
  const chromium = findChromium();
  if (chromium === null) throw new Refusal(NO_PRINTER);
  const folder = await mkdtemp(join(tmpdir(), 'faultline-pdf-'));
  const page = join(folder, 'report.html');
  const pdf = join(folder, 'report.pdf');
  const asRoot = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  const switches = ['--headless', '--disable-gpu', '--disable-extensions', '--no-first-run', ...asRoot];
  const output = [`--user-data-dir=${join(folder, 'profile')}`, '--no-pdf-header-footer', `--print-to-pdf=${pdf}`];
  try {
    await writeFile(page, html);
    await promisify(execFile)(chromium, [...switches, ...output, pathToFileURL(page).href], { timeout: PATIENCE_MS });
    return new Uint8Array(await readFile(pdf));
  } catch (cause) {
    const why = cause instanceof Error ? (cause.message.split('\n', 1)[0] ?? '') : String(cause);
    throw new Refusal(
      `${chromium} did not print the report (${why}); set FAULTLINE_CHROMIUM to another Chromium, or export HTML and print it`,
    );
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 3 });
  }
}
