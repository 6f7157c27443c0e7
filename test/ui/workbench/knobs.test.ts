/**
 * Knobs under their real names in the real window: found, changed during the run, seen on the timeline and in the files that a real
 * machine takes, read back from such files; and the same numbers from the command line with the recorded change.
 */
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunSummary } from '../../../src-core/model/summary';
import { projectRoot, startDesktop, type Desktop } from '../shell/desktop';

const run = promisify(execFile);
const cli = join(projectRoot, 'out/main/cli.cjs');
const folder = mkdtempSync(join(tmpdir(), 'faultline-knobs-'));
const workload = join(folder, 'sweeps.yaml');
const SHOTS = process.env['FAULTLINE_SCREENSHOTS'];
const WORKLOAD = `faultline: 1
name: Sweeps
machine: pcie4-16g
deviceMemory: 16MiB
granularity: 4KiB
system: nvidia-uvm
objects:
  a: { size: 24MiB, element: f64 }
phases:
  - name: sweep
    repeat: 40
    steps:
      - on: gpu
        do: [ { read: a, pattern: strided, stride: 512 } ]
      - on: cpu
        do: [ { write: a, part: [0, 0.1], pattern: strided, stride: 512 } ]
`;

let desktop: Desktop;
let page: Page;
beforeAll(async () => {
  writeFileSync(workload, WORKLOAD);
  desktop = await startDesktop({ files: [workload] });
  page = desktop.page;
});
afterAll(async () => {
  await desktop.close();
  rmSync(folder, { recursive: true, force: true });
});

const knob = (name: string) => page.getByTestId(`knob-${name}`);
const valueOf = (name: string) => page.getByTestId(`knob-${name}-value`);
async function shot(name: string): Promise<void> {
  if (SHOTS !== undefined) await page.screenshot({ path: join(SHOTS, `${name}.png`) });
}
async function saveAs(format: string, name: string): Promise<string> {
  const path = join(folder, name);
  await desktop.app.evaluate(({ dialog }, filePath) => {
    dialog.showSaveDialog = () => Promise.resolve({ canceled: false, filePath });
  }, path);
  await page.getByTestId(`knobs-save-${format}`).click();
  await page.getByTestId('knobs-export-told').filter({ hasText: 'Saved' }).waitFor();
  return readFileSync(path, 'utf8');
}

describe('knobs', () => {
  it('are listed under their real names with what the machine makes of them', async () => {
    await page.getByTestId('state-text').filter({ hasText: 'Ready' }).waitFor();
    await page.getByRole('tab', { name: 'Knobs' }).click();
    await knob('uvm_perf_prefetch_threshold').waitFor();
    expect(await page.getByTestId('knobs-system').textContent()).toBe('NVIDIA UVM');
    const cells = await knob('uvm_perf_prefetch_threshold').locator('td').allTextContents();
    expect(cells.map((cell) => cell.trim())).toEqual([
      '%',
      '0 – 100',
      '51',
      'nvidia-uvm module',
      'yes',
      'uvm_perf_prefetch.c:42, 552-561, driver 595.45.04',
    ]);
    expect(await page.getByTestId('knob-uvm_perf_access_counter_threshold-idle').textContent()).toMatch(
      /No effect here: access-counter migrations are on by default only where/,
    );
    await shot('knobs-list');
  });

  it('are found by every word of a search', async () => {
    await page.getByTestId('knobs-search').fill('thrash pin');
    await knob('uvm_perf_thrashing_pin_threshold').waitFor();
    expect(await knob('uvm_perf_prefetch_threshold').count()).toBe(0);
    await page.getByTestId('knobs-search').fill('');
  });

  it('change in mid-run at a fault batch, and are marked', async () => {
    await page.getByTestId('toolbar-step').click();
    await page.getByTestId('state-text').filter({ hasText: 'Paused' }).waitFor();
    await valueOf('uvm_perf_prefetch_threshold').fill('75');
    await valueOf('uvm_perf_prefetch_threshold').press('Enter');
    await page.getByTestId('knob-uvm_perf_prefetch_threshold-waits').filter({ hasText: '51 until the next' }).waitFor();
    await page.getByTestId('toolbar-step').click();
    await page.getByTestId('knob-uvm_perf_prefetch_threshold-waits').waitFor({ state: 'detached' });
    expect(await valueOf('uvm_perf_prefetch_threshold').inputValue()).toBe('75');
    await valueOf('uvm_perf_thrashing_enable').uncheck();
    await page.getByTestId('toolbar-step').click();
    await page
      .getByTestId('knob-uvm_perf_thrashing_nap-idle')
      .filter({ hasText: 'thrashing detection is off' })
      .waitFor();
    await page.getByTestId('knobs-changed').check();
    expect(await page.getByTestId('knobs-count').textContent()).toMatch(/^2 of /);
    await shot('knobs-changed');
    await page
      .getByTestId('marks-list')
      .getByText(/uvm_perf_prefetch_threshold=75/)
      .first()
      .waitFor({ state: 'attached' });
  });

  it('are exported as files of a real machine', async () => {
    await page.getByTestId('knobs-export').click();
    const saved = await saveAs('modprobe', 'uvm.conf');
    expect(saved).toContain('\noptions nvidia-uvm uvm_perf_prefetch_threshold=75\n');
    expect(saved).toContain('\noptions nvidia-uvm uvm_perf_thrashing_enable=0\n');
    expect(await page.getByTestId('knobs-file-cmdline').locator('pre').textContent()).toBe(
      'nvidia_uvm.uvm_perf_prefetch_threshold=75 nvidia_uvm.uvm_perf_thrashing_enable=0\n',
    );
    await shot('knobs-export');
    await page.getByTestId('knobs-export').click();
  });

  it('are read from such files, with what is unknown and what the driver would do', async () => {
    const files = join(folder, 'read.conf');
    writeFileSync(files, 'options nvidia-uvm uvm_perf_prefetch_threshold=101 uvm_perf_fault_batch_count=32 uvm_no=1\n');
    await page.getByTestId('knobs-files').setInputFiles(files);
    await page.getByTestId('knobs-import-values').getByText('uvm_perf_prefetch_threshold = 51').waitFor();
    await page
      .getByTestId('knobs-import-findings')
      .getByText(/its default 51 instead/)
      .waitFor();
    await page.getByTestId('knobs-import-unknown').getByText('nvidia-uvm uvm_no=1').waitFor();
    await shot('knobs-import');
    await page.getByTestId('knobs-import-apply').click();
    await page.getByTestId('knob-uvm_perf_fault_batch_count-waits').waitFor();
    await page.getByTestId('toolbar-run').click();
    await page.getByTestId('state-text').filter({ hasText: 'Finished' }).waitFor({ timeout: 60_000 });
    expect(await valueOf('uvm_perf_fault_batch_count').inputValue()).toBe('32');
    expect(await valueOf('uvm_perf_fault_batch_count').isDisabled()).toBe(true);
  });

  it('give the same numbers on the command line with the recorded changes', async () => {
    const path = join(folder, 'seen.json');
    await desktop.app.evaluate(({ dialog }, filePath) => {
      dialog.showSaveDialog = () => Promise.resolve({ canceled: false, filePath });
    }, path);
    await page.getByTestId('export-menu').click();
    await page.getByTestId('export-json').click();
    await expect.poll(() => readSummary(path), { timeout: 20_000 }).not.toBeNull();
    const seen = readSummary(path)!;
    expect(seen.changes.map(({ policy }) => [policy.kind, policy.params])).toEqual([
      ['system', { uvm_perf_prefetch_threshold: 75 }],
      ['system', { uvm_perf_thrashing_enable: false }],
      ['system', { uvm_perf_prefetch_threshold: 51, uvm_perf_fault_batch_count: 32 }],
    ]);
    const flags = seen.changes.flatMap(({ batch, policy }) => {
      const params = Object.entries(policy.params).map(([name, value]) => `,${name}=${String(value)}`);
      return ['--at', `batch:${batch}:system=${policy.id}${params.join('')}`];
    });
    const { stdout } = await run(process.execPath, [cli, 'run', workload, '--json', ...flags], { maxBuffer: 2 ** 26 });
    const again = JSON.parse(stdout) as RunSummary;
    expect(again.recordingHash).toBe(seen.recordingHash);
    expect(again.totals).toEqual(seen.totals);
  });
});

function readSummary(path: string): RunSummary | null {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as RunSummary;
  } catch (cause) {
    if (cause instanceof SyntaxError || (cause as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw cause;
  }
}
