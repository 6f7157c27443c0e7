// Puts `faultline` into node_modules/.bin after an install, so that `npx faultline` in the checkout
// starts this checkout and never asks the registry (npm links the bins of dependencies only).
import { mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const target = join(dirname(fileURLToPath(import.meta.url)), 'faultline.mjs');
const binDir = join(target, '../../../node_modules/.bin');

await mkdir(binDir, { recursive: true });
const link = join(binDir, 'faultline');
await rm(link, { force: true });
if (process.platform === 'win32') {
  await writeFile(`${link}.cmd`, `@node "%~dp0\\${relative(binDir, target)}" %*\r\n`);
} else {
  await symlink(relative(binDir, target), link);
}
