import { app, BrowserWindow, screen } from 'electron';
import { hardenContents, startUrl } from './security';
import type { SettingsStore, WindowState } from './settings';

const SAVE_DELAY_MS = 400;
/** So much of the window must lie on a screen for its old place to be used again. */
const VISIBLE_PX = 100;

function isOnScreen(state: WindowState): boolean {
  const { x, y } = state;
  if (x === null || y === null) return false;
  return screen.getAllDisplays().some(({ workArea }) => {
    const width = Math.min(x + state.width, workArea.x + workArea.width) - Math.max(x, workArea.x);
    const height = Math.min(y + state.height, workArea.y + workArea.height) - Math.max(y, workArea.y);
    return width >= VISIBLE_PX && height >= VISIBLE_PX;
  });
}

function rememberState(window: BrowserWindow, settings: SettingsStore): void {
  let timer: NodeJS.Timeout | undefined;
  const save = (): void => {
    clearTimeout(timer);
    const { x, y, width, height } = window.getNormalBounds();
    const state = { x, y, width: Math.max(640, width), height: Math.max(400, height), maximized: window.isMaximized() };
    settings.update((before) => ({ ...before, window: state }));
  };
  const soon = (): void => {
    clearTimeout(timer);
    timer = setTimeout(save, SAVE_DELAY_MS);
  };
  window.on('resize', soon);
  window.on('move', soon);
  window.on('maximize', soon);
  window.on('unmaximize', soon);
  window.on('close', save);
}

/** A window with the page in it, where it was last time. Does not wait for the page. */
export function openWindow(preload: string, settings: SettingsStore): BrowserWindow {
  const state = settings.get().window;
  const place = isOnScreen(state) ? { x: state.x ?? 0, y: state.y ?? 0 } : {};
  const window = new BrowserWindow({
    ...place,
    width: state.width,
    height: state.height,
    minWidth: 640,
    minHeight: 400,
    title: 'Faultline',
    backgroundColor: '#14171c', // of the dark theme; a white flash is the worse surprise
    webPreferences: {
      preload,
      contextIsolation: true,
      sandbox: true,
      nodeIntegration: false,
      nodeIntegrationInWorker: false,
      nodeIntegrationInSubFrames: false,
      webSecurity: true,
      webviewTag: false,
      spellcheck: false,
      navigateOnDragDrop: false,
      backgroundThrottling: false, // a run goes on, and its numbers with it, while another window is in front
      devTools: !app.isPackaged,
    },
  });
  if (state.maximized) window.maximize();
  hardenContents(window.webContents);
  rememberState(window, settings);
  void window.loadURL(startUrl).catch((cause: unknown) => {
    if (!window.isDestroyed()) process.stderr.write(`faultline: the user interface failed to load: ${String(cause)}\n`);
  });
  return window;
}
