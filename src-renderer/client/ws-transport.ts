/** Browser: WebSocket to the headless server. The token comes in the URL fragment and travels as a subprotocol. */
import { decodeMessage, encodeMessage } from '../../src-core/protocol/codec';
import { PROTOCOL } from '../../src-core/protocol/answers';
import { measuredWithUpdates } from './frame-meter';
import { takeToken } from './token';
import type { Transport, TransportEvents } from './transport';

export function wsTransport(events: TransportEvents): Transport {
  const token = takeToken(location, sessionStorage, window.history);
  if (!token) {
    queueMicrotask(() =>
      events.lost(
        'This page has no access token. Open the complete address that `faultline serve` printed, including its #token part.',
      ),
    );
    return { send: () => undefined, close: () => undefined };
  }
  const scheme = location.protocol === 'https:' ? 'wss' : 'ws';
  const socket = new WebSocket(`${scheme}://${location.host}/ws`, [PROTOCOL, `token.${token}`]);
  socket.binaryType = 'arraybuffer';
  let opened = false;
  let closed = false;
  socket.onopen = () => {
    opened = true;
    events.opened();
  };
  socket.onmessage = ({ data }: MessageEvent<ArrayBuffer>) =>
    measuredWithUpdates(() => events.message(decodeMessage(new Uint8Array(data))));
  socket.onclose = ({ reason }) => {
    if (closed) return;
    closed = true;
    const refused =
      'The server refused the connection: check that `faultline serve` is still running and that this is its latest address.';
    events.lost(opened ? `The server closed the connection${reason ? ` (${reason})` : ''}.` : refused);
  };
  return {
    send: (message) => socket.send(encodeMessage(message) as Uint8Array<ArrayBuffer>),
    close() {
      closed = true;
      socket.close();
    },
  };
}
