/** Electron: the preload hands over one MessagePort on request; messages travel as they are. */
import type { Message } from '../../src-core/protocol/messages';
import { measuredWithUpdates } from './frame-meter';
import type { Transport, TransportEvents } from './transport';

const READY = 'faultline:ready';
const PORT = 'faultline:port';
/** The engine worker starts in well under a second; on a loaded machine give it time before saying so. */
const PORT_WAIT_MS = 10_000;

export function portTransport(events: TransportEvents): Transport {
  let port: MessagePort | null = null;
  let closed = false;

  const onWindowMessage = (event: MessageEvent<unknown>): void => {
    const received = event.ports[0];
    if (event.source !== window || event.data !== PORT || !received) return;
    stopWaiting();
    port = received;
    port.onmessage = ({ data }: MessageEvent<Message>) => measuredWithUpdates(() => events.message(data));
    // Newer Chromium reports a closed port; with older ones, requests stay unanswered.
    port.addEventListener('close', () => {
      if (!closed) events.lost('The application closed the connection to the engine.');
    });
    port.start();
    events.opened();
  };
  const waiting = setTimeout(() => {
    stopWaiting();
    events.lost(`The application did not provide a connection to the engine within ${PORT_WAIT_MS / 1000} s.`);
  }, PORT_WAIT_MS);
  const stopWaiting = (): void => {
    clearTimeout(waiting);
    window.removeEventListener('message', onWindowMessage);
  };

  window.addEventListener('message', onWindowMessage);
  window.postMessage(READY, location.origin);
  return {
    send: (message) => port?.postMessage(message),
    close() {
      closed = true;
      stopWaiting();
      port?.close();
    },
  };
}
