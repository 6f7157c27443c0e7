/** How messages travel. Two carriers (Electron port, WebSocket) behind one interface; nothing else knows which. */
import type { Message } from '../../src-core/protocol/messages';

export interface TransportEvents {
  /** Messages can be sent from now on. */
  opened(): void;
  message(message: Message): void;
  /** The carrier is gone; `reason` is a sentence for the user. No event follows. */
  lost(reason: string): void;
}

export interface Transport {
  send(message: Message): void;
  close(): void;
}

export type Carrier = (events: TransportEvents) => Transport;
