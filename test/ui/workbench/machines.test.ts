/** The machine of a run, chosen in the real window: one of those that ship, and one that was calibrated. */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { projectRoot, startDesktop, type Desktop } from '../shell/desktop';

const run = promisify(execFile);
const cli = join(projectRoot, 'out/main/cli.cjs');
const folder = mkdtempSync(join(tmpdir(), 'faultline-machines-'));
const workload = join(folder, 'sweep.yaml');
const machineFile = join(folder, 'my-machine.json');
const WORKLOAD = `faultline: 1
name: Sweep
machine: pcie4-16g
system: gh-ats
objects:
  a: { size: 4MiB, element: f64 }
phases:
  - name: sweep
    steps:
      - on: cpu
        do: [ { write: a } ]
      - on: gpu
        do: [ { read: a } ]
`;

let desktop: Desktop;
let page: Page;
beforeAll(async () => {
  writeFileSync(workload, WORKLOAD);
  const samples = join(projectRoot, 'test/fixtures/calibrate/synthetic-full.json');
  await run(process.execPath, [cli, 'calibrate', samples, '--as', machineFile]);
  desktop = await startDesktop({ files: [workload], env: { FAULTLINE_TEST: '0' } });
  page = desktop.page;
});
afterAll(async () => {
  await desktop.close();
  rmSync(folder, { recursive: true, force: true });
});

/** The simulated time that the window shows at the end of the run. */
async function runs(): Promise<string> {
  await page.getByTestId('state-text').filter({ hasText: 'Ready' }).waitFor();
  await page.getByTestId('toolbar-run').click();
  await page.getByTestId('state-text').filter({ hasText: 'Finished' }).waitFor({ timeout: 60_000 });
  return (await page.locator('.numbers').innerText()).split(' · ').at(-1)!;
}
async function saysCommandLine(machine: string): Promise<string> {
  const { stdout } = await run(process.execPath, [cli, 'run', workload, '--machine', machine]);
  return /Simulated time +(.+)/.exec(stdout)![1]!;
}
const fact = (label: string): Promise<string> =>
  page.getByTestId('facts').locator('dl div').filter({ hasText: label }).locator('dd').innerText();

describe('the machine of a run', () => {
  it('is one of those that ship, with its constants and the numbers of the command line', async () => {
    await page.getByRole('tab', { name: 'Memory systems' }).click();
    const before = await runs();
    await page.getByTestId('machine-select').selectOption('gh200');
    await expect.poll(() => fact('Machine')).toMatch(/^Grace Hopper GH200/);
    const after = await runs();
    expect(after).toBe(await saysCommandLine('gh200'));
    expect(after).not.toBe(before);
    expect(await fact('Memory system')).toBe('Grace Hopper, UVM with ATS'); // stays what it was
  });

  it('is a calibrated one, from its file, and one that ships again', async () => {
    await desktop.app.evaluate(({ dialog }, path) => {
      dialog.showOpenDialog = () => Promise.resolve({ canceled: false, filePaths: [path] });
    }, machineFile);
    await page.getByTestId('machine-file').click();
    await expect.poll(() => fact('Machine')).toBe('my-machine');
    expect(await page.getByTestId('machine-select').inputValue()).toBe('my-machine');
    expect(await page.getByTestId('systems').innerText()).not.toContain('nothing is open');
    expect(await runs()).toBe(await saysCommandLine(machineFile));
    await page.getByTestId('machine-select').selectOption('gh200');
    await expect.poll(() => fact('Machine')).toMatch(/^Grace Hopper GH200/);
  });

  it('stays what it was, with the run and its numbers, when the file is none', async () => {
    const before = await runs();
    await desktop.app.evaluate(
      ({ dialog }, path) => {
        dialog.showOpenDialog = () => Promise.resolve({ canceled: false, filePaths: [path] });
      },
      join(projectRoot, 'package.json'),
    );
    await page.getByTestId('machine-file').click();
    await page
      .getByTestId('error-banner')
      .getByText(/package\.json is not a machine file: .*faultline calibrate/)
      .first()
      .waitFor();
    await page.getByTestId('state-text').filter({ hasText: 'Finished' }).waitFor();
    expect((await page.locator('.numbers').innerText()).split(' · ').at(-1)).toBe(before);
    expect(await fact('Machine')).toMatch(/^Grace Hopper GH200/);
    const { scrollHeight, clientHeight } = await page.evaluate(() => {
      const { documentElement: all } = document;
      return { scrollHeight: all.scrollHeight, clientHeight: all.clientHeight };
    });
    expect(scrollHeight).toBe(clientHeight); // the window itself has nothing to scroll
  });
});
