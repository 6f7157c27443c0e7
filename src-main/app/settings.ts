/**
 * What the desktop app remembers: window state and recent files, one JSON file in the user's data folder. A damaged
 * file never keeps the app from starting: it is set aside and defaults are used.
 */
import { mkdir, readFile, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { z } from 'zod';
import { atomicWrite } from '../io/atomic-write';

const MOST_RECENT = 12;

const windowSchema = z.object({
  x: z.number().int().nullable(),
  y: z.number().int().nullable(),
  width: z.number().int().min(640).max(20_000),
  height: z.number().int().min(400).max(20_000),
  maximized: z.boolean(),
});
const settingsSchema = z.object({
  window: windowSchema,
  recent: z.array(z.object({ path: z.string().min(1), title: z.string() })).max(MOST_RECENT),
});

export type WindowState = z.infer<typeof windowSchema>;
export type Settings = z.infer<typeof settingsSchema>;

export const DEFAULT_SETTINGS: Settings = {
  window: { x: null, y: null, width: 1280, height: 820, maximized: false },
  recent: [],
};

export interface SettingsStore {
  get(): Settings;
  /** Changes and saves; saves follow each other, and the last one wins. */
  update(change: (settings: Settings) => Settings): void;
  /** Resolves when everything is on disk. */
  flush(): Promise<void>;
}

/** Puts a file in front of the recent ones. */
export function withRecent(settings: Settings, path: string, title: string): Settings {
  const others = settings.recent.filter((entry) => entry.path !== path);
  return { ...settings, recent: [{ path, title }, ...others].slice(0, MOST_RECENT) };
}

async function readSettings(file: string, report: (problem: string) => void): Promise<Settings> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ENOENT')
      report(`the settings cannot be read (${String(cause)}); defaults are used`);
    return DEFAULT_SETTINGS;
  }
  try {
    return settingsSchema.parse(JSON.parse(text));
  } catch {
    const backup = `${file}.damaged`;
    await rename(file, backup);
    report(`the settings in ${file} are damaged; defaults are used, and the old file was saved as ${backup}`);
    return DEFAULT_SETTINGS;
  }
}

/** `report` gets one sentence for each problem. */
export async function openSettings(file: string, report: (problem: string) => void): Promise<SettingsStore> {
  await mkdir(dirname(file), { recursive: true });
  let settings = await readSettings(file, report);
  let saving = Promise.resolve();
  return {
    get: () => settings,
    update(change) {
      settings = change(settings);
      saving = saving
        .then(async () => {
          await atomicWrite(file, `${JSON.stringify(settings, null, 2)}\n`);
        })
        .catch((cause: unknown) => report(`the settings cannot be saved to ${file}: ${String(cause)}`));
    },
    flush: () => saving,
  };
}
