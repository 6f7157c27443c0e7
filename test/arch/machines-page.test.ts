import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { format, resolveConfig } from 'prettier';
import { expect, test } from 'vitest';
import { machinesPage } from '../support/machines-page';
import { read, root } from './project-files';

const path = 'docs/machines.md';

test('docs/machines.md says what the presets say (npm run fix writes it)', async () => {
  const file = join(root, path);
  const page = await format(machinesPage(), { ...(await resolveConfig(file)), filepath: file });
  if (process.env['FAULTLINE_FIX'] === '1') writeFileSync(file, page);
  expect(read(path)).toBe(page);
});
