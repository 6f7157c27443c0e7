// `npm run validate`: compares the engine with published numbers and writes docs/validation.md. Ends with one line; its
// exit status is 1 where a promise does not hold that test/oracle/DEVIATIONS.md does not explain.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runnerImport } from 'vite';
import { projectRoot } from '../../src-main/build-if-stale.mjs';

const load = async (file) =>
  (await runnerImport(join(projectRoot, 'test/oracle/validation', file), { root: projectRoot, logLevel: 'error' }))
    .module;

const { compareAll, documentPath } = await load('compare.ts');
const { countOf, validationMarkdown } = await load('markdown.ts');
const all = await compareAll((id) => process.stderr.write(`npm run validate: ${id}\n`));
await writeFile(documentPath, validationMarkdown(all));

const counts = all.map((compared) => ({ id: compared.row.id, ...countOf(compared) }));
const promised = counts.reduce((sum, count) => sum + count.promised, 0);
const failed = counts.filter((count) => count.failed > 0);
const lost = failed.reduce((sum, count) => sum + count.failed, 0);
const where = failed.length > 0 ? ` (not in ${failed.map(({ id }) => id).join(', ')})` : '';
console.log(`${promised - lost} of ${promised} promises hold${where}; docs/validation.md is written`);
process.exitCode = counts.some((count) => count.unexplained > 0) ? 1 : 0;
