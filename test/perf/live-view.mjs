// Frame times of the live view at full engine speed with more than ten million events: the browser workbench in
// Chromium and the desktop app in Electron. Part of `npm run bench`; prints, never fails on a number.
/* global requestAnimationFrame, window -- inside page.evaluate() */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { _electron, chromium } from 'playwright-core';
import { buildIfStale } from '../../src-main/build-if-stale.mjs';
import { provideElectron } from '../support/electron-runtime.mjs';
import { findChromium } from '../support/system-packages.mjs';
import { startXvfb } from '../support/xvfb.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
const switches = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
const EVENTS = 10_000_000;
/** Each of the passes makes 1.57 M faults, as many migrations and up to as many evictions. */
const WORKLOAD = `faultline: 1
name: live view
machine: r0
granularity: 4KiB
deviceMemory: 4GiB
objects:
  a: { size: 3GiB, element: 64B, initially: host }
  b: { size: 3GiB, element: 64B, initially: host }
phases:
  - name: sweep
    repeat: 4
    steps:
      - { on: gpu0, name: sweep_a, do: [{ readwrite: a, pattern: strided, stride: 64 }] }
      - { on: gpu0, name: sweep_b, do: [{ readwrite: b, pattern: strided, stride: 64 }] }
`;

const quantile = (sorted, q) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? NaN;
const count = (text) => Number((text ?? '').replace(/[^0-9]/g, ''));

/** Runs the opened workload and prints the frame times of the last frames, once enough events are recorded. */
async function measure(where, page) {
  await page.getByTestId('state-text').filter({ hasText: 'Ready' }).waitFor();
  const began = Date.now();
  await page.getByTestId('toolbar-run').click();
  const samples = [];
  let cadence = [];
  let events = 0;
  while (events < EVENTS) {
    const state = await page.getByTestId('state-text').textContent();
    const fps = await page.evaluate(
      () =>
        new Promise((done) => {
          let frames = 0;
          const start = performance.now();
          const tick = () => {
            frames++;
            const spent = performance.now() - start;
            if (spent < 1000) requestAnimationFrame(tick);
            else done((frames * 1000) / spent);
          };
          requestAnimationFrame(tick);
        }),
    );
    cadence.push(fps);
    samples.push(...(await page.evaluate(() => window.__faultlineFrames.splice(0))));
    const faults = count(await page.getByTestId('totals-row').locator('[data-column="gpuFaults"]').textContent());
    const moved = count(await page.getByTestId('totals-row').locator('[data-column="evictions"]').textContent());
    events = 2 * faults + moved;
    if (state?.includes('Finished')) break;
  }
  const sorted = samples.sort((a, b) => a - b);
  const seconds = (Date.now() - began) / 1000;
  cadence = cadence.sort((a, b) => a - b);
  console.log(
    `live view, ${where}: main thread per frame p50 ${quantile(sorted, 0.5).toFixed(1)} ms, p95 ${quantile(sorted, 0.95).toFixed(1)} ms (mark 10 ms), max ${quantile(sorted, 1).toFixed(1)} ms over ${sorted.length} frames with work; cadence ${quantile(cadence, 0.5).toFixed(0)} frames/s (median); at least ${(events / 1e6).toFixed(1)} M events in ${seconds.toFixed(0)} s`,
  );
}

async function inBrowser(file) {
  const served = spawn(process.execPath, [join(root, 'out/main/cli.cjs'), 'serve', file], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    const url = await new Promise((done) => served.stdout.once('data', (data) => done(String(data).trim())));
    const browser = await chromium.launch({ executablePath: findChromium(), args: switches });
    try {
      const page = await browser.newPage({ viewport: { width: 1400, height: 900 } });
      await page.goto(url);
      await measure('Chromium', page);
    } finally {
      await browser.close();
    }
  } finally {
    served.kill();
  }
}

async function inElectron(file, folder) {
  const display = process.platform === 'linux' ? await startXvfb({ width: 1600, height: 1000 }) : null;
  const app = await _electron.launch({
    executablePath: await provideElectron(),
    args: [root, ...switches, '--disable-gpu', `--user-data-dir=${join(folder, 'data')}`, file],
    env: { ...process.env, FAULTLINE_TEST: '1', ...(display ? { DISPLAY: display.display } : {}) },
  });
  try {
    await measure('Electron', await app.firstWindow());
  } finally {
    await app.close();
    await display?.stop();
  }
}

const folder = mkdtempSync(join(tmpdir(), 'faultline-live-'));
try {
  await buildIfStale();
  const file = join(folder, 'live.yaml');
  writeFileSync(file, WORKLOAD);
  await inBrowser(file);
  await inElectron(file, folder);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
