// `npm run bench`: the rows of `faultline bench`, with its options, and then the frame times of the live view, unless options
// ask for some rows only.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const options = process.argv.slice(2);
const asksForPart = options.some((option) => /^(--only|--json|--help|-h)\b/.test(option));

function run(script, args) {
  const { status, signal } = spawnSync(process.execPath, [join(import.meta.dirname, script), ...args], {
    stdio: 'inherit',
  });
  if (status !== 0) process.exit(signal ? 1 : status);
}

run('../../src-main/cli/faultline.mjs', ['bench', ...options]);
if (!asksForPart) run('live-view.mjs', []);
