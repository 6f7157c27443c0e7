/** The walls around the page: where it may go, what it may load, which of its messages are believed. */
import { app, type IpcMainEvent, type Session, type WebContents } from 'electron';

export const SCHEME = 'app';
export const ORIGIN = `${SCHEME}://faultline`;
/** The development server of electron-vite; never honoured in a packaged app. */
const developmentUrl = app.isPackaged ? undefined : process.env['ELECTRON_RENDERER_URL'];

export const startUrl = developmentUrl ?? `${ORIGIN}/index.html`;

const originOf = (url: string): string => {
  try {
    const { protocol, host } = new URL(url);
    return `${protocol}//${host}`; // URL.origin is 'null' for schemes that Node does not know
  } catch {
    return '';
  }
};

const trustedOrigins = new Set([ORIGIN, ...(developmentUrl === undefined ? [] : [originOf(developmentUrl)])]);

/** The message comes from the top frame of a page of ours. Compares whole origins: a prefix would match more. */
export function isTrusted(event: IpcMainEvent): boolean {
  const frame = event.senderFrame;
  return frame !== null && frame === event.sender.mainFrame && trustedOrigins.has(originOf(frame.url));
}

/** Second wall behind the content security policy: nothing but our own pages may be requested at all. */
function isRequestAllowed(url: string): boolean {
  if (/^(data|blob|devtools):/.test(url)) return true;
  const origin = originOf(url);
  return trustedOrigins.has(origin) || trustedOrigins.has(origin.replace(/^ws:/, 'http:'));
}

export function hardenSession(session: Session): void {
  session.setPermissionRequestHandler((_contents, _permission, answer) => answer(false));
  session.setPermissionCheckHandler(() => false);
  session.setDevicePermissionHandler(() => false);
  session.webRequest.onBeforeRequest((details, answer) => answer({ cancel: !isRequestAllowed(details.url) }));
  session.on('will-download', (event) => event.preventDefault());
}

/** A page stays where it is: no navigation, no redirect, no window of its own, no webview. */
export function hardenContents(contents: WebContents): void {
  contents.setWindowOpenHandler(() => ({ action: 'deny' }));
  contents.on('will-navigate', (event) => event.preventDefault());
  contents.on('will-redirect', (event) => event.preventDefault());
  contents.on('will-attach-webview', (event) => event.preventDefault());
}

/** A released app refuses to be driven from outside; the reason, or null. */
export function refuseRemoteControl(): string | null {
  if (!app.isPackaged) return null;
  const found = ['remote-debugging-port', 'remote-debugging-pipe'].find((name) => app.commandLine.hasSwitch(name));
  return found === undefined ? null : `--${found} is not accepted: it would let other programs control this app`;
}
