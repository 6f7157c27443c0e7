/** The headless server: the same user interface and protocol as the desktop app, for a browser on this machine. */
import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { WebSocketServer } from 'ws';
import { MIB } from '../../src-core/base/units';
import { Refusal } from '../../src-core/model/refusal';
import { PROTOCOL } from '../../src-core/protocol/answers';
import { attachConnection, type ConnectionOptions } from './connection';
import { isHostAllowed, refuseSocket } from './guards';
import { SECURITY_HEADERS } from './security';
import { readStaticFile } from './static-files';

export interface ServeOptions extends ConnectionOptions {
  /** Folder of the built user interface. */
  readonly renderer: string;
  /** 0 = any free port. */
  readonly port: number;
}

export interface RunningServer {
  /** The address to open, access token included: it is in the fragment, which browsers never send anywhere. */
  readonly url: string;
  close(): Promise<void>;
}

const LOOPBACK = '127.0.0.1';
const TOKEN_BYTES = 32;
/** Each page has an engine of its own. */
const MOST_PAGES = 8;

const portOf = (server: Server): number => (server.address() as AddressInfo).port;

async function answer(server: Server, root: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { host } = request.headers;
  const end = (status: number, text: string): void => {
    response.writeHead(status, { ...SECURITY_HEADERS, 'Content-Type': 'text/plain' }).end(text);
  };
  if (!isHostAllowed(host, portOf(server))) {
    end(421, 'this server does not have that host name');
  } else if (request.method !== 'GET' && request.method !== 'HEAD') {
    end(405, 'only GET and HEAD');
  } else {
    const path = (request.url ?? '/').split(/[?#]/, 1)[0] ?? '/';
    const file = await readStaticFile(root, path);
    if (file) response.writeHead(200, file.headers).end(request.method === 'HEAD' ? undefined : file.body);
    else end(404, 'not found');
  }
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((done, fail) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const why =
        cause.code === 'EADDRINUSE'
          ? `port ${port} is in use`
          : cause.code === 'EACCES'
            ? `port ${port} is reserved`
            : cause.message;
      fail(new Refusal(`the server cannot start: ${why}; choose another with --port, or leave it out`));
    });
    server.listen(port, LOOPBACK, done);
  });
}

export async function serve(options: ServeOptions): Promise<RunningServer> {
  const token = randomBytes(TOKEN_BYTES).toString('base64url');
  const server = createServer((request, response) => {
    answer(server, options.renderer, request, response).catch((cause: unknown) => {
      process.stderr.write(`faultline: ${request.url ?? ''}: ${String(cause)}\n`);
      if (!response.headersSent) response.writeHead(500);
      response.end();
    });
  });
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: MIB,
    perMessageDeflate: false,
    handleProtocols: () => PROTOCOL, // the token is never echoed
  });
  const sessions = new Set<Promise<void>>();
  server.on('upgrade', (request, socket, head) => {
    socket.on('error', () => socket.destroy()); // the peer left in the middle of the handshake
    const refusal =
      refuseSocket(request, portOf(server), token) ??
      (sockets.clients.size >= MOST_PAGES ? '503 Service Unavailable' : null);
    if (refusal !== null) {
      socket.end(`HTTP/1.1 ${refusal}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
      return;
    }
    sockets.handleUpgrade(request, socket, head, (page) => {
      const closed = attachConnection(page, options).closed.catch((cause: unknown) => {
        process.stderr.write(`faultline: a session failed to close: ${String(cause)}\n`);
      });
      sessions.add(closed);
      void closed.then(() => sessions.delete(closed));
    });
  });
  await listen(server, options.port);
  return {
    url: `http://${LOOPBACK}:${portOf(server)}/#token=${token}`,
    async close() {
      for (const page of sockets.clients) page.close(1001, 'the server is stopping');
      const patience = setTimeout(() => sockets.clients.forEach((page) => page.terminate()), 1000);
      server.close();
      server.closeAllConnections();
      await Promise.all(sessions);
      clearTimeout(patience);
    },
  };
}
