/** Prints a report to PDF in a hidden window: no script, sandboxed, nothing reachable. */
import { BrowserWindow, session, type Session } from 'electron';
import { hardenContents, SCHEME } from './security';

const PATIENCE_MS = 60_000;
const POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:";

const pages = new Map<string, string>();
let printer: Session | null = null;
let printed = 0;

/** A session of its own, in memory only, whose single site is the reports that wait to be printed. */
function printSession(): Session {
  if (printer) return printer;
  printer = session.fromPartition('faultline-print');
  printer.setPermissionRequestHandler((_contents, _permission, answer) => answer(false));
  printer.setPermissionCheckHandler(() => false);
  printer.protocol.handle(SCHEME, (request) => {
    const html = pages.get(request.url);
    if (html === undefined) return new Response('not found', { status: 404 });
    return new Response(html, {
      headers: { 'Content-Type': 'text/html; charset=utf-8', 'Content-Security-Policy': POLICY },
    });
  });
  printer.webRequest.onBeforeRequest((details, answer) =>
    answer({ cancel: !pages.has(details.url) && !details.url.startsWith('data:') }),
  );
  return printer;
}

/** Rejects when the page does not load or does not print in time; the window is gone in any case. */
export async function printPdf(html: string): Promise<Uint8Array> {
  const url = `${SCHEME}://report/${++printed}`;
  pages.set(url, html);
  const window = new BrowserWindow({
    show: false,
    webPreferences: {
      session: printSession(),
      javascript: false,
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
      webviewTag: false,
      devTools: false,
    },
  });
  hardenContents(window.webContents);
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_done, fail) => {
    timer = setTimeout(() => fail(new Error(`the report was not printed within ${PATIENCE_MS / 1000} s`)), PATIENCE_MS);
  });
  const gone = new Promise<never>((_done, fail) => {
    window.webContents.once('render-process-gone', (_event, details) =>
      fail(new Error(`the page that prints the report crashed (${details.reason})`)),
    );
  });
  const print = async (): Promise<Uint8Array> => {
    await window.loadURL(url);
    return window.webContents.printToPDF({ pageSize: 'A4', printBackground: true, preferCSSPageSize: true });
  };
  try {
    return await Promise.race([print(), late, gone]);
  } finally {
    clearTimeout(timer);
    pages.delete(url);
    window.destroy();
  }
}
