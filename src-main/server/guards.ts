/** Who may talk to the headless server: pages of its own, on this machine, that know the token. */
import { timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { PROTOCOL } from '../../src-core/protocol/answers';

/** Names under which the server may be addressed; anything else is another site's name bound to this machine. */
export function isHostAllowed(host: string | undefined, port: number): boolean {
  return host === `127.0.0.1:${port}` || host === `localhost:${port}`;
}

export const offeredProtocols = (request: IncomingMessage): readonly string[] =>
  (request.headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim());

function isTokenRight(given: string, token: string): boolean {
  const a = Buffer.from(given);
  const b = Buffer.from(token);
  return a.length === b.length && timingSafeEqual(a, b);
}

/** Why a WebSocket is refused, as an HTTP status line; null: welcome. */
export function refuseSocket(request: IncomingMessage, port: number, token: string): string | null {
  const { host, origin } = request.headers;
  if (!isHostAllowed(host, port)) return '403 Forbidden';
  if (origin !== `http://${host ?? ''}`) return '403 Forbidden';
  if (request.url !== '/ws') return '404 Not Found';
  const offered = offeredProtocols(request);
  if (!offered.includes(PROTOCOL)) return '400 Bad Request';
  const given = offered.find((name) => name.startsWith('token.'))?.slice('token.'.length) ?? '';
  return isTokenRight(given, token) ? null : '403 Forbidden';
}
