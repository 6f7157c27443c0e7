/** Entry of the client: which carrier to use, and how components get at the backend. */
import { inject, type InjectionKey } from 'vue';
import type { Backend } from './backend';
import { portTransport } from './port-transport';
import type { Carrier } from './transport';
import { wsTransport } from './ws-transport';

export type { Backend } from './backend';

export const backendKey: InjectionKey<Backend> = Symbol('backend');

export function useBackend(): Backend {
  const backend = inject(backendKey);
  if (!backend) throw new Error('useBackend() was called outside the application');
  return backend;
}

/** The desktop shell offers a port; everywhere else there is a server behind the page. */
export const carrierFor = (userAgent: string): Carrier =>
  userAgent.includes('Electron') ? portTransport : wsTransport;
