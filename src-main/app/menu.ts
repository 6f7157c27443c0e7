import { app, Menu, shell, type MenuItemConstructorOptions } from 'electron';
import type { Example } from '../../src-core/contracts/platform';
import type { OpenTarget } from '../../src-core/model/target';
import type { DesktopClient } from './client';

export interface MenuContext {
  readonly recent: readonly { readonly path: string; readonly title: string }[];
  readonly examples: readonly Example[];
  /** The client of the window in front. */
  client(): DesktopClient | null;
  /** Opens in the window in front, or in a new one. */
  open(target: OpenTarget): void;
  clearRecent(): void;
  saveCalibrationProgram(): void;
}

/** The only addresses that are ever handed to the user's browser. */
const LINKS: readonly { readonly label: string; readonly url: string }[] = [
  { label: 'Linux heterogeneous memory management', url: 'https://docs.kernel.org/mm/hmm.html' },
];

function fileMenu(context: MenuContext): MenuItemConstructorOptions {
  const recent: MenuItemConstructorOptions[] = context.recent.map(({ path, title }) => ({
    label: `${title} — ${path}`,
    click: () => context.open({ kind: 'path', path }),
  }));
  const examples: MenuItemConstructorOptions[] = context.examples.map(({ id }) => ({
    label: id,
    click: () => context.open({ kind: 'example', id }),
  }));
  const exportTo = (label: string, format: 'html' | 'json' | 'csv' | 'pdf'): MenuItemConstructorOptions => ({
    label,
    click: () => void context.client()?.exportReport(format),
  });
  return {
    label: '&File',
    submenu: [
      { label: 'Open…', accelerator: 'CmdOrCtrl+O', click: () => void context.client()?.openWithDialog() },
      {
        label: 'Open Recent',
        enabled: recent.length > 0,
        submenu: [...recent, { type: 'separator' }, { label: 'Clear List', click: () => context.clearRecent() }],
      },
      { label: 'Examples', enabled: examples.length > 0, submenu: examples },
      { type: 'separator' },
      {
        label: 'Export Report',
        submenu: [
          exportTo('HTML…', 'html'),
          exportTo('PDF…', 'pdf'),
          exportTo('JSON…', 'json'),
          exportTo('CSV…', 'csv'),
        ],
      },
      { label: 'Save Recording…', click: () => void context.client()?.saveRecording() },
      { type: 'separator' },
      { role: process.platform === 'darwin' ? 'close' : 'quit' },
    ],
  };
}

export function applicationMenu(context: MenuContext): Electron.Menu {
  const development: MenuItemConstructorOptions[] = app.isPackaged
    ? []
    : [{ type: 'separator' }, { role: 'reload' }, { role: 'toggleDevTools' }];
  return Menu.buildFromTemplate([
    ...(process.platform === 'darwin' ? [{ role: 'appMenu' } satisfies MenuItemConstructorOptions] : []),
    fileMenu(context),
    { role: 'editMenu' },
    {
      label: '&View',
      submenu: [
        { role: 'zoomIn' },
        { role: 'zoomOut' },
        { role: 'resetZoom' },
        { type: 'separator' },
        { role: 'togglefullscreen' },
        ...development,
      ],
    },
    {
      label: '&Help',
      role: 'help',
      submenu: [
        { label: 'Save Calibration Program…', click: () => context.saveCalibrationProgram() },
        ...LINKS.map(({ label, url }) => ({ label, click: () => void shell.openExternal(url) })),
        { type: 'separator' },
        { role: 'about' },
      ],
    },
  ]);
}
