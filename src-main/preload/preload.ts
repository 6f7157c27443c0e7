/**
 * The bridge between the page and the main process: it fetches one message port and hands over dropped files. Nothing
 * is exposed in the page's world; the port goes there by window.postMessage, because it cannot cross contextBridge.
 *
 *   page → preload   window message 'faultline:ready' (the page listens now)
 *   preload → page   window message 'faultline:port' with the port
 */
import * as electron from 'electron';

// The few browser globals used here, declared by hand: the rest of src-main runs on Node and must not see the DOM.
interface DroppedFile {
  /** Electron before 32. */
  readonly path?: string;
}
interface PageEvent {
  readonly data?: unknown;
  readonly source?: unknown;
  readonly dataTransfer?: {
    readonly files: ArrayLike<DroppedFile>;
    readonly types: readonly string[];
    dropEffect: string;
  } | null;
  preventDefault(): void;
}
declare const window: {
  addEventListener(type: string, listener: (event: PageEvent) => void, options?: { readonly capture: boolean }): void;
  postMessage(message: unknown, targetOrigin: string, transfer: readonly unknown[]): void;
};
declare const location: { readonly origin: string };

const MOST_DROPPED_FILES = 8;
const { ipcRenderer } = electron;
// Absent before Electron 30.
const webUtils = (electron as { readonly webUtils?: { getPathForFile(file: unknown): string } }).webUtils;

ipcRenderer.on('faultline:port', (event) => {
  window.postMessage('faultline:port', location.origin, event.ports as readonly unknown[]);
});

window.addEventListener('message', (event) => {
  if (event.source === window && event.data === 'faultline:ready') ipcRenderer.send('faultline:ready');
});

const pathOf = (file: DroppedFile): string => webUtils?.getPathForFile(file) ?? file.path ?? '';

// The main process opens files that are dropped on the window, by their paths. Preventing the default tells the page that it
// has nothing to upload.
window.addEventListener(
  'dragover',
  (event) => {
    if (!event.dataTransfer?.types.includes('Files')) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = 'copy';
  },
  { capture: true },
);
window.addEventListener(
  'drop',
  (event) => {
    if (!event.dataTransfer?.types.includes('Files')) return;
    event.preventDefault();
    const files = Array.from(event.dataTransfer.files).slice(0, MOST_DROPPED_FILES);
    const paths = files.map(pathOf).filter((path) => path !== '');
    if (paths.length > 0) ipcRenderer.send('faultline:drop', paths);
  },
  { capture: true },
);
