/**
 * The argument of 2015 settled by looking: one workload that only mallocs, under several memory systems, compared in the
 * real window, run again under one of them, and the same numbers from the command line and in the report.
 */
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ComparisonRow } from '../../../src-core/model/comparison';
import { projectRoot, startDesktop, type Desktop } from '../shell/desktop';

const run = promisify(execFile);
const cli = join(projectRoot, 'out/main/cli.cjs');
const folder = mkdtempSync(join(tmpdir(), 'faultline-systems-'));
const workload = join(folder, 'dgemm.yaml');
// The seed's own case, small: three matrices of 2 MiB.
const text = readFileSync(join(projectRoot, 'examples/s10-dgemm-on-malloc.yaml'), 'utf8')
  .replaceAll('128MiB', '2MiB')
  .replaceAll('4096', '512')
  .replace('tile: 256', 'tile: 64')
  .replace('machine: r0', 'machine: pcie4-16g')
  .replace(/expect:[\s\S]*$/, '');

let desktop: Desktop;
let page: Page;
beforeAll(async () => {
  writeFileSync(workload, text);
  desktop = await startDesktop({ files: [workload] });
  page = desktop.page;
});
afterAll(async () => {
  await desktop.close();
  rmSync(folder, { recursive: true, force: true });
});

/** A row of the comparison table, as the page shows it. */
const cells = async (title: string): Promise<readonly string[]> => {
  const row = page.getByTestId('systems-table').locator('tr').filter({ hasText: title }).first();
  return (await row.locator('td').allTextContents()).map((cell) => cell.trim());
};

describe('memory systems', () => {
  it('are compared side by side by clicking', async () => {
    await page.getByTestId('state-text').filter({ hasText: 'Ready' }).waitFor();
    await page.getByRole('tab', { name: 'Memory systems' }).click();
    for (const id of ['zone', 'off', 'host']) await page.getByTestId(`system-${id}`).click();
    await page.getByTestId('system-contents').check();
    await page.getByTestId('systems-compare').click();
    await page.getByTestId('systems-table').waitFor({ timeout: 60_000 });
    expect(await page.getByTestId('systems-table').locator('th').first().textContent()).toContain('Number');
    // hmm, coherent, dax, copy: nothing is read wrong, and each pays in its own way.
    expect(await cells('Wrong bytes read')).toEqual(['Wrong bytes read', '0', '0', '0', '0']);
    expect((await cells('Bytes to device'))[1]).toBe('42 MiB');
    expect((await cells('Calls added to the application')).slice(1).map(Number)).toEqual([0, 0, 3, 100]);
    expect((await cells('6a the same address'))[4]).toBe('FAIL');
  });

  it('gives the same numbers on the command line, and in its report', async () => {
    const report = join(folder, 'compare.html');
    const args = ['run', workload, '--systems', 'hmm,coherent,dax,copy', '--json', '--report', report];
    const { stdout } = await run(process.execPath, [cli, ...args], { maxBuffer: 2 ** 26 });
    const { comparison } = JSON.parse(stdout) as { comparison: readonly ComparisonRow[] };
    expect(comparison.map(({ system }) => system.id)).toEqual(['hmm', 'coherent', 'dax', 'copy']);
    const [hmm] = comparison;
    expect(hmm!.summary!.totals).toMatchObject({ bytesToDevice: 21 * 2 ** 21, bytesToHost: 19 * 2 ** 21 });
    expect(hmm!.summary!.system!.requirements.find(({ id }) => id === '6')!.holds).toBe(true);
    const html = readFileSync(report, 'utf8');
    expect(html).toContain('The same workload under different memory systems.');
    expect(html).toContain('Duplication factor');
  });

  it('leaves the finished run alone while it works', async () => {
    await page.getByTestId('toolbar-run').click();
    await page.getByTestId('state-text').filter({ hasText: 'Finished' }).waitFor({ timeout: 60_000 });
    await page.getByTestId('findings').getByText('and the run has no findings').waitFor();
    await page.evaluate(() => {
      const findings = document.querySelector('[data-testid="findings"]')!;
      const seen = new Set<string>();
      new MutationObserver(() => seen.add(findings.textContent)).observe(findings, {
        subtree: true,
        childList: true,
        characterData: true,
      });
      Object.assign(window, { findingsSeen: seen });
    });
    await page.getByTestId('systems-compare').click();
    await page
      .getByTestId('systems')
      .getByText(/running under/)
      .waitFor();
    await page
      .getByTestId('systems')
      .getByText(/running under/)
      .waitFor({ state: 'detached', timeout: 60_000 });
    // Findings asked for again and again, once per message about progress, would be gone now and then.
    expect(await page.evaluate(() => [...(window as unknown as { findingsSeen: Set<string> }).findingsSeen])).toEqual(
      [],
    );
  });

  it('can be chosen for the run itself, whose report then names it', async () => {
    await page.getByTestId('system-select').selectOption('hmm');
    await page.getByTestId('state-text').filter({ hasText: 'Ready' }).waitFor();
    await page.getByTestId('toolbar-run').click();
    await page.getByTestId('state-text').filter({ hasText: 'Finished' }).waitFor({ timeout: 60_000 });
    await page.getByRole('tab', { name: 'Report' }).click();
    await page.getByTestId('report').getByText('HMM on a non-coherent device (hmm)').waitFor();
    await page.getByTestId('report').getByText('HMM on a non-coherent device: hmm, profile=cur').waitFor();
    await page.getByTestId('report').getByText('--system').first().waitFor();
    // The comparison is of the same input: it stays, on its tab and in the report.
    await page.getByTestId('report').getByText('Memory systems compared').waitFor();
    await page.getByRole('tab', { name: 'Memory systems' }).click();
    await page.getByTestId('systems-table').getByText('Bytes to device').first().waitFor(); // asked for when the tab opens
    expect((await cells('Bytes to device'))[1]).toBe('42 MiB');
  });

  it('shows the policies and the granularity only where they govern', async () => {
    await page.getByTestId('policies-decider').waitFor({ state: 'detached' });
    await page.getByTestId('facts').getByText('Granularity').waitFor();
    await page.getByRole('tab', { name: 'Memory systems' }).click();
    await page.getByTestId('system-select').selectOption('nvidia-uvm');
    await page.getByTestId('policies-decider').getByText('NVIDIA UVM makes its own decisions').waitFor();
    expect(await page.getByTestId('facts').getByText('Granularity').count()).toBe(0);
    await page.getByTestId('toolbar-run').click();
    await page.getByTestId('state-text').filter({ hasText: 'Finished' }).waitFor({ timeout: 60_000 });
    await page.getByRole('tab', { name: 'Report' }).click();
    await page.getByTestId('report').getByText('Fault buffer entries fetched').waitFor();
  });
});
