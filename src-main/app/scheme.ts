/** Our own URL scheme: the page is an origin of its own, and no file:// URL is ever loaded. */
import { protocol, type Session } from 'electron';
import { readStaticFile } from '../server/static-files';
import { ORIGIN, SCHEME } from './security';

/** Must run before the app is ready. */
export function declareScheme(): void {
  protocol.registerSchemesAsPrivileged([
    { scheme: SCHEME, privileges: { standard: true, secure: true, supportFetchAPI: true, codeCache: true } },
  ]);
}

/** Answers `app://faultline/…` from the folder of the built user interface; GET only. */
export function serveScheme(session: Session, root: string): void {
  const host = new URL(ORIGIN).host;
  session.protocol.handle(SCHEME, async (request) => {
    if (request.method !== 'GET') return new Response('only GET', { status: 405 });
    const url = new URL(request.url);
    const file = url.host === host ? await readStaticFile(root, url.pathname) : null;
    if (!file) return new Response('not found', { status: 404 });
    return new Response(file.body, { headers: { ...file.headers } });
  });
}
