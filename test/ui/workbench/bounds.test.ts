/**
 * Bounds beside a run in the real window: measured when it ends, as ratios in the summary and as lines in the timeline; the
 * same numbers on the command line, and in reports of those who asked.
 */
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BoundRow } from '../../../src-core/model/bounds';
import { projectRoot, startDesktop, type Desktop } from '../shell/desktop';

const run = promisify(execFile);
const cli = join(projectRoot, 'out/main/cli.cjs');
const example = join(projectRoot, 'examples/s4-oversubscribed-stencil.yaml');
const folder = mkdtempSync(join(tmpdir(), 'faultline-bounds-'));

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

const cards = () => page.getByTestId('bounds-ratios').locator('li');
/** Pixels of a colour in the timeline. */
const pixels = (token: string): Promise<number> =>
  page.evaluate((name) => {
    const probe = document.createElement('canvas').getContext('2d')!;
    probe.fillStyle = getComputedStyle(document.documentElement).getPropertyValue(name).trim();
    probe.fillRect(0, 0, 1, 1);
    const [r, g, b] = probe.getImageData(0, 0, 1, 1).data;
    const canvas = document.querySelector<HTMLCanvasElement>('[data-testid="timeline"] canvas')!;
    const { data } = canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height);
    let count = 0;
    for (let i = 0; i < data.length; i += 4) if (data[i] === r && data[i + 1] === g && data[i + 2] === b) count++;
    return count;
  }, `--${token}`);

describe('bounds', () => {
  it('are measured when a run ends, and stand in the summary as ratios', async () => {
    await page.getByTestId('state-text').filter({ hasText: 'Ready' }).waitFor();
    await page.getByTestId('tab-summary').click();
    expect(await cards().count()).toBe(0);
    await page.getByTestId('toolbar-run').click();
    await page.getByTestId('state-text').filter({ hasText: 'Finished' }).waitFor({ timeout: 60_000 });
    await cards().first().waitFor({ timeout: 60_000 });
    const text = await page.getByTestId('bounds-ratios').innerText();
    // LRU makes 102,400 faults, 24,576 would do; and 12,544 MiB cross where 160 MiB have to.
    expect(text).toMatch(/Optimal eviction \(Belady\)\s+4\.17 × device faults/);
    expect(text).toMatch(/20\.00 × device faults/);
    expect(text).toMatch(/78\.40 × bytes over the link/);
    expect(text).toMatch(/1\.96 × bytes over the link \(reference\)/);
  });

  it('are lines in the timeline, which can be hidden', async () => {
    await page.getByTestId('bounds-shown').waitFor();
    const legend = page.getByTestId('track-faults').getByTestId('bound-legend');
    expect(await legend.allInnerTexts()).toEqual(['optimal eviction', 'infinite memory']);
    await expect.poll(() => pixels('ink')).toBeGreaterThan(50);
    expect(await pixels('emerald')).toBeGreaterThan(50);
    await page.getByTestId('bounds-shown').click();
    await expect.poll(() => pixels('ink')).toBe(0);
    expect(await legend.count()).toBe(0);
    await page.getByTestId('bounds-shown').click();
    await expect.poll(() => pixels('ink')).toBeGreaterThan(50);
  });

  it('say in numbers what the command line says', async () => {
    await page.getByTestId('bounds-details').locator('summary').click();
    const row = page.getByTestId('bounds-details').locator('tr').filter({ hasText: 'Optimal eviction' }).first();
    expect((await row.locator('td').allTextContents()).map((cell) => cell.trim())).toEqual([
      'Optimal eviction (Belady)',
      'Device faults',
      'at least',
      '24,576',
      '102,400',
      '4.17 ×',
    ]);
    await page.getByTestId('bounds-details').locator('canvas').first().waitFor();
    const report = join(folder, 'bounds.html');
    const { stdout } = await run(process.execPath, [cli, 'run', example, '--bounds', '--json', '--report', report], {
      maxBuffer: 2 ** 26,
    });
    const { bounds } = JSON.parse(stdout) as { bounds: readonly BoundRow[] };
    const belady = bounds.find(({ id }) => id === 'belady')!.values[0];
    expect(belady).toMatchObject({ quantity: 'gpuFaults', kind: 'bound', value: 24_576, run: 102_400 });
    const html = readFileSync(report, 'utf8');
    expect(html).toContain('The run compared with lower bounds');
    expect(html).toContain('Device faults so far, and the minimum.');
  });

  it('are left to a press of the button, which says so, when they are not wanted after each run', async () => {
    await page.getByTestId('bounds-after-runs').uncheck();
    expect(await page.getByTestId('bounds-left').count()).toBe(0); // they are there
    await page.getByTestId('toolbar-run').click();
    await page.getByTestId('bounds-left').waitFor({ timeout: 60_000 });
    expect(await cards().count()).toBe(0);
    await page.getByTestId('bounds-after-runs').check();
    await page.getByTestId('toolbar-run').click();
    await cards().first().waitFor({ timeout: 60_000 });
    await page.getByTestId('bounds-left').waitFor({ state: 'detached' });
  });

  it('are added to the report of the window on request', async () => {
    await page.getByTestId('tab-report').click();
    await page.getByTestId('report').getByText('Totals', { exact: true }).waitFor();
    expect(await page.getByTestId('report').getByText('The run compared with lower bounds').count()).toBe(0);
    await page.getByTestId('tab-summary').click();
    await page.getByTestId('bounds-measure').click();
    await page.getByTestId('tab-report').click();
    await page.getByTestId('report').getByText('The run compared with lower bounds').waitFor();
  });
});
