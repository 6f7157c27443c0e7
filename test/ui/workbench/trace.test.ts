/** The lackey trace of a library call on malloc'ed matrices, opened in the real window through the import dialog. */
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { projectRoot, startDesktop, type Desktop } from '../shell/desktop';

const folder = join(projectRoot, 'test/fixtures/lackey');
let desktop: Desktop;
beforeAll(async () => {
  desktop = await startDesktop();
});
afterAll(() => desktop.close());

it('shows A, B and C as rows', async () => {
  const { app, page } = desktop;
  const answer = async (file: string): Promise<void> => {
    await app.evaluate(
      ({ dialog }, path) => {
        dialog.showOpenDialog = () => Promise.resolve({ canceled: false, filePaths: [path] });
      },
      join(folder, file),
    );
  };
  await answer('matmul-n32.lackey.zst');
  await page.getByTestId('open-menu').click();
  await page.getByTestId('open-file').click();
  await page.getByTestId('import-dialog').waitFor();
  await answer('matmul.syms.tsv');
  await page.getByTestId('import-symbols').click();
  await page.getByText('matmul.syms.tsv').waitFor();
  await answer('matmul-n32.alloc.txt');
  await page.getByTestId('import-allocations').click();
  await page.getByText('matmul-n32.alloc.txt').waitFor();
  await page.getByTestId('import-device-functions').fill('my_dgemm');
  await page.getByTestId('import-open').click();
  await page.getByTestId('state-text').filter({ hasText: 'Ready' }).waitFor({ timeout: 30_000 });
  await page.getByTestId('toolbar-run').click();
  await page.getByTestId('state-text').filter({ hasText: 'Finished' }).waitFor({ timeout: 60_000 });
  for (const name of ['A', 'B', 'C']) expect(await page.getByTestId(`object-row-${name}`).count()).toBe(1);
});
