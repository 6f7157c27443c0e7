import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** Where the parts of this installation lie: in a checkout below `out/`, in the packaged app inside its archive. */
export interface Installation {
  /** The built engine worker. */
  readonly engine: string;
  readonly preload: string;
  /** Folder of the built user interface. */
  readonly renderer: string;
  readonly examples: string;
  /** Folder above `out/`; what Electron is started with. */
  readonly root: string;
}

/** `mainFolder` is the folder of the built entry (its `__dirname`); shared chunks lie elsewhere and cannot ask. */
export function installationAt(mainFolder: string): Installation {
  const root = join(mainFolder, '../..');
  return {
    engine: join(mainFolder, 'engine.cjs'),
    preload: join(mainFolder, '../preload/index.cjs'),
    renderer: join(mainFolder, '../renderer'),
    examples: process.env['FAULTLINE_EXAMPLES'] ?? join(root, 'examples'),
    root,
  };
}

/** Folder of the user for what must outlive a process of the command line or the server (recovered recordings). */
export function personalFolder(): string {
  return process.env['FAULTLINE_HOME'] ?? join(homedir(), '.faultline');
}

/** The user interface has been built; without it a server or a window would be blank. */
export const isBuilt = (installation: Installation): boolean => existsSync(join(installation.renderer, 'index.html'));
