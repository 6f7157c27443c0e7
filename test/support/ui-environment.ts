// Runs once before the end-to-end suites (vitest globalSetup): finds Chromium and Electron, starts a display, and hands
// all three to the tests as `inject('chromium')`, `inject('electron')` and the environment variable DISPLAY.
import type { TestProject } from 'vitest/node';
import { buildIfStale } from '../../src-main/build-if-stale.mjs';
import { provideElectron } from './electron-runtime.mjs';
import { findChromium } from './system-packages.mjs';
import { startXvfb } from './xvfb.mjs';

declare module 'vitest' {
  interface ProvidedContext {
    /** Path of the Chromium executable. */
    chromium: string;
    /** Path of the Electron executable. */
    electron: string;
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const chromium = findChromium();
  if (chromium === undefined) throw new Error('no Chromium: run `node test/support/system-packages.mjs`');
  await buildIfStale();
  project.provide('chromium', chromium);
  project.provide('electron', await provideElectron());
  if (process.platform !== 'linux') return () => Promise.resolve();

  const { display, stop } = await startXvfb();
  process.env['DISPLAY'] = display;
  return stop;
}
