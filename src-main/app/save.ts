/** Writes reports and recordings where the user says: whole or not at all. */
import { dialog, type BrowserWindow, type FileFilter } from 'electron';
import type { Params, ResultOf } from '../../src-core/protocol/methods';
import { knobFileText } from '../host/knob-file';
import type { SessionHost } from '../host/session-host';
import { atomicWrite } from '../io/atomic-write';
import type { Desktop } from './desktop';
import { printPdf } from './pdf';

const FORMATS: Readonly<Record<Params<'app.saveReport'>['format'], FileFilter>> = {
  html: { name: 'HTML report', extensions: ['html'] },
  json: { name: 'JSON report', extensions: ['json'] },
  csv: { name: 'CSV tables', extensions: ['csv'] },
  pdf: { name: 'PDF report', extensions: ['pdf'] },
};

type Saved = ResultOf<'app.saveReport'>;
const CANCELLED: Saved = { path: null, bytes: null, cancelled: true };
const savedAs = (path: string): Saved => ({ path, bytes: null, cancelled: false });

/** The path that the user chose; null: cancelled. */
async function askPath(
  desktop: Desktop,
  window: BrowserWindow,
  suggested: string,
  filter: FileFilter,
  given?: string,
): Promise<string | null> {
  if (given !== undefined && desktop.isTest) return given;
  const answer = await dialog.showSaveDialog(window, { defaultPath: suggested, filters: [filter] });
  return answer.canceled || answer.filePath === '' ? null : answer.filePath;
}

export async function saveReport(
  desktop: Desktop,
  window: BrowserWindow,
  host: SessionHost,
  params: Params<'app.saveReport'>,
): Promise<Saved> {
  const path = await askPath(desktop, window, params.suggestedName, FORMATS[params.format], params.path);
  if (path === null) return CANCELLED;
  const { text } = await host.request('session.report', { format: params.format === 'pdf' ? 'html' : params.format });
  await atomicWrite(path, params.format === 'pdf' ? await printPdf(text) : text);
  return savedAs(path);
}

export async function saveKnobs(
  desktop: Desktop,
  window: BrowserWindow,
  host: SessionHost,
  params: Params<'app.saveKnobs'>,
): Promise<Saved> {
  const text = await knobFileText(params, host);
  const filter = { name: 'Configuration file', extensions: ['conf', 'txt'] };
  const path = await askPath(desktop, window, params.suggestedName, filter, params.path);
  if (path === null) return CANCELLED;
  await atomicWrite(path, text);
  return savedAs(path);
}

export async function saveRecording(
  desktop: Desktop,
  window: BrowserWindow,
  host: SessionHost,
  params: Params<'app.saveRecording'>,
): Promise<Saved> {
  const filter = { name: 'Faultline recording', extensions: ['arrow'] };
  const path = await askPath(desktop, window, params.suggestedName, filter, params.path);
  if (path === null) return CANCELLED;
  const saved = await host.request('session.saveRecording', { path });
  desktop.grants.add(saved.path);
  return savedAs(saved.path);
}
