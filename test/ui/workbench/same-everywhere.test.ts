/** The same file and seed give the same recording hash on the command line, in the server and in Electron. */
import { execFile, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { chromium, type Page } from 'playwright-core';
import { expect, inject, it } from 'vitest';
import type { RunSummary } from '../../../src-core/model/summary';
import { connect, projectRoot, result, sandboxSwitches, startDesktop } from '../shell/desktop';

const cli = join(projectRoot, 'out/main/cli.cjs');
const EXAMPLE = 's4-alternating';

async function runInPage(page: Page): Promise<void> {
  await page.getByTestId('state-text').filter({ hasText: 'Ready' }).waitFor();
  await page.getByTestId('toolbar-run').click();
  await page.getByTestId('state-text').filter({ hasText: 'Finished' }).waitFor({ timeout: 60_000 });
}

async function onCommandLine(): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, [cli, 'run', EXAMPLE, '--json'], {
    maxBuffer: 64 * 1024 * 1024,
  });
  return (JSON.parse(stdout) as RunSummary).recordingHash;
}

async function inBrowser(folder: string): Promise<string> {
  const served = spawn(process.execPath, [cli, 'serve', '--example', EXAMPLE], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    const url = await new Promise<string>((done) =>
      served.stdout.once('data', (data: Buffer) => done(data.toString().trim())),
    );
    const browser = await chromium.launch({ executablePath: inject('chromium'), args: sandboxSwitches });
    try {
      const page = await browser.newPage({ viewport: { width: 1400, height: 900 }, acceptDownloads: true });
      await page.goto(url);
      await runInPage(page);
      await page.getByTestId('export-menu').click();
      const [download] = await Promise.all([page.waitForEvent('download'), page.getByTestId('export-json').click()]);
      const path = join(folder, 'browser.json');
      await download.saveAs(path);
      return (JSON.parse(readFileSync(path, 'utf8')) as RunSummary).recordingHash;
    } finally {
      await browser.close();
    }
  } finally {
    served.kill();
  }
}

async function inElectron(): Promise<string> {
  const desktop = await startDesktop();
  try {
    await connect(desktop.page);
    await result(desktop.page, 'session.open', { target: { kind: 'example', id: EXAMPLE }, options: {} });
    await result(desktop.page, 'session.control', { action: 'run' });
    await expect
      .poll(async () => (await result(desktop.page, 'session.status', null)).state, { timeout: 60_000 })
      .toBe('finished');
    return (await result(desktop.page, 'session.summary', null)).recordingHash;
  } finally {
    await desktop.close();
  }
}

it('has one hash everywhere', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'faultline-hash-'));
  try {
    const first = await onCommandLine();
    expect(first).toMatch(/^[0-9a-f]{64}$/);
    expect(await onCommandLine()).toBe(first);
    expect(await inBrowser(folder)).toBe(first);
    expect(await inElectron()).toBe(first);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
