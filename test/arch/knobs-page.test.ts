import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { format, resolveConfig } from 'prettier';
import { expect, test } from 'vitest';
import { knobsPage } from '../support/knobs-page';
import { read, root } from './project-files';

const path = 'docs/knobs.md';

test('docs/knobs.md says what the memory systems declare (npm run fix writes it)', async () => {
  const file = join(root, path);
  const page = await format(knobsPage(), { ...(await resolveConfig(file)), filepath: file });
  if (process.env['FAULTLINE_FIX'] === '1') writeFileSync(file, page);
  expect(read(path)).toBe(page);
});
