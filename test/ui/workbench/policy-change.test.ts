/**
 * The walk that the product is for: open the first example in the real window, run it, change a policy during the run by
 * clicking, see it on the timeline and in the report, and get the same numbers again from the command line.
 */
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunSummary } from '../../../src-core/model/summary';
import { projectRoot, startDesktop, type Desktop } from '../shell/desktop';

const run = promisify(execFile);
const cli = join(projectRoot, 'out/main/cli.cjs');
const example = join(projectRoot, 'examples/s1-jacobi-residual.yaml');
const folder = mkdtempSync(join(tmpdir(), 'faultline-walk-'));

let desktop: Desktop;
let page: Page;
beforeAll(async () => {
  desktop = await startDesktop({ files: [example] });
  page = desktop.page;
});
afterAll(async () => {
  await desktop.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Saves by the export menu; the native dialog answers with `name`. */
async function exportAs(format: string, name: string): Promise<string> {
  const path = join(folder, name);
  await desktop.app.evaluate(({ dialog }, filePath) => {
    dialog.showSaveDialog = () => Promise.resolve({ canceled: false, filePath });
  }, path);
  await page.getByTestId('export-menu').click();
  await page.getByTestId(`export-${format}`).click();
  for (let i = 0; i < 200; i++) {
    try {
      const text = readFileSync(path);
      if (text.length > 0) return path;
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== 'ENOENT') throw cause;
    }
    await page.waitForTimeout(100);
  }
  throw new Error(`${name} was not saved`);
}

const count = (text: string | null): number => Number((text ?? '').replace(/[^0-9]/g, ''));
const summaryOf = (path: string): RunSummary => JSON.parse(readFileSync(path, 'utf8')) as RunSummary;

describe('a policy changed by clicking', () => {
  it('opens the first-run example, ready to run', async () => {
    await page.getByTestId('state-text').filter({ hasText: 'Ready' }).waitFor();
    await page.getByTestId('object-table').getByText('unew').waitFor();
  });

  it('takes effect in mid-run, is marked, and changes what follows', async () => {
    await page.getByTestId('toolbar-speed').selectOption('10000');
    await page.getByTestId('toolbar-run').click();
    await expect
      .poll(
        async () => count(await page.getByTestId('object-row-r').locator('[data-column="gpuFaults"]').textContent()),
        { timeout: 30_000 },
      )
      .toBeGreaterThan(1000);
    await page.getByTestId('policy-migration').selectOption('first-touch-stay-remote');
    const mark = page.getByTestId('marks-list').getByText(/first-touch-stay-remote/);
    await mark.first().waitFor({ state: 'attached', timeout: 30_000 });
    await page.getByTestId('toolbar-speed').selectOption('full');
    await page.getByTestId('state-text').filter({ hasText: 'Finished' }).waitFor({ timeout: 60_000 });
  });

  it('is in the report, and the command line gives the same counts and hash with the recorded change', async () => {
    const seen = summaryOf(await exportAs('json', 'seen.json'));
    expect(seen.complete).toBe(true);
    expect(seen.changes).toHaveLength(1);
    const [change] = seen.changes;
    expect(change?.policy).toMatchObject({ kind: 'migration', id: 'first-touch-stay-remote' });
    expect(change?.origin).toBe('live');
    // Without the change both processors fault 52,224 times (golden table of S1).
    expect(seen.totals.gpuFaults).toBeLessThan(52_224);

    const shown = await page.getByTestId('totals-row').locator('td').allTextContents();
    expect(shown.map(count)).toContain(seen.totals.gpuFaults);

    const again = await run(
      process.execPath,
      [cli, 'run', example, '--json', '--at', `batch:${change?.batch ?? 0}:migration=first-touch-stay-remote`],
      {
        maxBuffer: 64 * 1024 * 1024,
      },
    );
    const repeated = JSON.parse(again.stdout) as RunSummary;
    expect(repeated.totals).toEqual(seen.totals);
    expect(repeated.objects).toEqual(seen.objects);
    expect(repeated.recordingHash).toBe(seen.recordingHash);

    const html = readFileSync(await exportAs('html', 'report.html'), 'utf8');
    expect(html).toContain('first-touch-stay-remote');
    expect(html).toContain(`batch:${change?.batch ?? 0}:migration=first-touch-stay-remote`);
    const fromReport = await run(process.execPath, [cli, 'run', join(folder, 'report.html'), '--json'], {
      maxBuffer: 64 * 1024 * 1024,
    });
    expect((JSON.parse(fromReport.stdout) as RunSummary).recordingHash).toBe(seen.recordingHash);
  });

  it('prints the report as PDF', async () => {
    const pdf = readFileSync(await exportAs('pdf', 'report.pdf'));
    expect(pdf.subarray(0, 5).toString()).toBe('%PDF-');
  });

  it('refuses belady in a run in progress, with the reason in view', async () => {
    await page.getByTestId('toolbar-restart').click();
    await page.getByTestId('state-text').filter({ hasText: 'Ready' }).waitFor();
    await page.getByTestId('toolbar-step').click();
    await page.getByTestId('state-text').filter({ hasText: 'Paused' }).waitFor();
    const option = page.getByTestId('policy-eviction').locator('option[value="belady"]');
    expect(await option.isDisabled()).toBe(true);
    await page
      .getByText(/needs to know future accesses/)
      .first()
      .waitFor();
  });

  it('saves a recording that opens again with the same numbers', async () => {
    await page.getByTestId('toolbar-run').click();
    await page.getByTestId('state-text').filter({ hasText: 'Finished' }).waitFor({ timeout: 60_000 });
    const path = await exportAs('recording', 'run.arrow');
    const report = join(folder, 'again.json');
    await run(process.execPath, [cli, 'report', path, '-o', report]);
    expect(summaryOf(report).totals).toEqual(summaryOf(await exportAs('json', 'second.json')).totals);
  });
});
