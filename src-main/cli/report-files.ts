/** Report files by their extension, each whole or not at all. */
import { existsSync } from 'node:fs';
import { extname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { Refusal } from '../../src-core/model/refusal';
import type { Installation } from '../host/installation';
import { atomicWrite } from '../io/atomic-write';
import { findChromium, NO_PRINTER, printWithChromium } from '../server/chromium';
import type { Engine } from './engine';
import { didYouMean } from './nearest';
import { outputPath } from './run-flags';

export const REPORT_FORMATS = ['html', 'json', 'csv', 'pdf'] as const;
export type ReportFileFormat = (typeof REPORT_FORMATS)[number];
const ELECTRON_PATIENCE_MS = 60_000;

export interface ReportFile {
  readonly path: string;
  readonly format: ReportFileFormat;
}

const isFormat = (name: string): name is ReportFileFormat => (REPORT_FORMATS as readonly string[]).includes(name);

export function parseFormat(name: string): ReportFileFormat {
  if (isFormat(name)) return name;
  throw new Refusal(
    `"${name}" is not a report format${didYouMean(name, REPORT_FORMATS)}; expected one of ${REPORT_FORMATS.join(', ')}`,
  );
}

/** Where to write and in which format; refused early when it cannot be. `format` wins over the extension. */
export function reportFile(path: string, format?: ReportFileFormat): ReportFile {
  const extension = extname(path).slice(1).toLowerCase();
  if (format === undefined && !isFormat(extension))
    throw new Refusal(
      `the format of ${path} is not clear from its name; use an ending among ${REPORT_FORMATS.map((each) => `.${each}`).join(', ')}, or --format`,
    );
  return { path: outputPath(path), format: format ?? parseFormat(extension) };
}

/** The Electron that `npm start` would take; only a checkout has one to offer. */
async function findElectron(installation: Installation): Promise<string | null> {
  const finder = join(installation.root, 'src-main/find-electron.mjs');
  const hasDisplay = process.platform !== 'linux' || Boolean(process.env['DISPLAY'] ?? process.env['WAYLAND_DISPLAY']);
  if (!hasDisplay || !existsSync(finder)) return null;
  const module = (await import(pathToFileURL(finder).href)) as { findElectron(): string | undefined };
  return module.findElectron() ?? null;
}

async function printWithElectron(executable: string, root: string, html: string): Promise<Uint8Array> {
  const folder = await mkdtemp(join(tmpdir(), 'faultline-pdf-'));
  try {
    const page = join(folder, 'report.html');
    const pdf = join(folder, 'report.pdf');
    await writeFile(page, html);
    const asRoot = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
    const child = spawn(executable, [root, '--disable-gpu', `--user-data-dir=${join(folder, 'profile')}`, ...asRoot], {
      env: { ...process.env, FAULTLINE_PRINT_HTML: page, FAULTLINE_PRINT_PDF: pdf },
      stdio: 'ignore',
      timeout: ELECTRON_PATIENCE_MS,
    });
    const code = await new Promise<number | null>((done, fail) => child.on('close', done).on('error', fail));
    if (code !== 0) throw new Error(`Electron ended with code ${String(code)} while printing the PDF`);
    return await readFile(pdf);
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 3 });
  }
}

export interface Printer {
  print(html: string): Promise<Uint8Array>;
}

/** What prints PDFs here: Electron, else Chromium. Refused when there is neither. */
export async function findPrinter(installation: Installation): Promise<Printer> {
  const electron = await findElectron(installation);
  const chromium = findChromium();
  if (electron === null && chromium === null) throw new Refusal(NO_PRINTER);
  if (electron === null) return { print: printWithChromium };
  return {
    async print(html) {
      try {
        return await printWithElectron(electron, installation.root, html);
      } catch (thrown) {
        if (chromium === null) throw thrown;
        return printWithChromium(html); // an Electron that does not start is common (libraries); the result is the same
      }
    },
  };
}

/** Writes all files from the run that is open in `engine`. `printer` must be given when one of them is a PDF. */
export async function writeReports(
  engine: Engine,
  files: readonly ReportFile[],
  printer: Printer | null,
  only?: readonly string[],
): Promise<void> {
  for (const { path, format } of files) {
    const asked = format === 'pdf' ? 'html' : format;
    const { text } = await engine.request('session.report', { format: asked, ...(only === undefined ? {} : { only }) });
    if (format === 'pdf' && printer === null) throw new Refusal(NO_PRINTER);
    await atomicWrite(path, format === 'pdf' && printer !== null ? await printer.print(text) : text);
  }
}

export const needsPrinter = (files: readonly ReportFile[]): boolean => files.some(({ format }) => format === 'pdf');
