// `npm test`: provides what the machine lacks, builds, runs every suite and ends with one line over all of them.
// Arguments go to vitest: `npm test -- --project unit` runs one suite, `npm test -- --project ui -t opens` one walk.
import { spawn } from 'node:child_process';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { buildIfStale, projectRoot } from '../../src-main/build-if-stale.mjs';
import { provideElectron } from './electron-runtime.mjs';
import { ensureSystemPackages } from './system-packages.mjs';

const results = join(projectRoot, 'test-results/vitest.json');
const withoutUi = ['unit', 'contract', 'golden', 'property', 'simulate', 'oracle', 'arch'];
const say = (line) => process.stderr.write(`npm test: ${line}\n`);

/** Names after --project; none means all. */
function chosenProjects(args) {
  return args.flatMap((word, i) => {
    if (word.startsWith('--project=')) return [word.slice('--project='.length)];
    return word === '--project' ? [args[i + 1]] : [];
  });
}

/** Why the end-to-end suites cannot run, or undefined. */
async function provideForUi() {
  const problem = ensureSystemPackages();
  if (problem !== undefined) return problem;
  try {
    await provideElectron();
    return undefined;
  } catch (error) {
    return `no Electron to test with: ${error.message}`;
  }
}

function runVitest(args) {
  const program = join(projectRoot, 'node_modules/vitest/vitest.mjs');
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${results}`];
  return new Promise((done, fail) => {
    const child = spawn(process.execPath, [program, 'run', ...reporters, ...args], {
      cwd: projectRoot,
      stdio: 'inherit',
    });
    child.on('error', fail);
    child.on('close', (code) => done(code ?? 1));
  });
}

/** Counts tests, and each suite file that failed before it had any (an import that throws, a broken hook). */
async function readCounts() {
  const text = await readFile(results, 'utf8').catch(() => undefined);
  if (text === undefined) return { passed: 0, failed: 1, skipped: 0 };
  const all = JSON.parse(text);
  const broken = all.testResults.filter(
    (file) => file.status === 'failed' && !file.assertionResults.some((test) => test.status === 'failed'),
  );
  return {
    passed: all.numPassedTests,
    failed: all.numFailedTests + broken.length,
    skipped: all.numPendingTests + all.numTodoTests,
  };
}

async function main() {
  const args = process.argv.slice(2);
  const chosen = chosenProjects(args);
  const wantsUi = chosen.length === 0 || chosen.includes('ui');
  await mkdir(join(projectRoot, 'test-results'), { recursive: true });
  await rm(results, { force: true });

  await buildIfStale();
  const problem = wantsUi ? await provideForUi() : undefined;
  const rest = (chosen.length === 0 ? withoutUi : chosen.filter((name) => name !== 'ui')).map(
    (name) => `--project=${name}`,
  );
  let code = 0;
  if (problem === undefined || rest.length > 0) code = await runVitest(problem === undefined ? args : rest);

  const { passed, failed, skipped } =
    problem !== undefined && rest.length === 0 ? { passed: 0, failed: 0, skipped: 0 } : await readCounts();
  if (problem !== undefined) say(`the end-to-end suites did not run, which counts as a failure: ${problem}`);
  if (skipped > 0) say(`${skipped} skipped`);
  const failures = Math.max(failed + (problem === undefined ? 0 : 1), code === 0 ? 0 : 1);
  console.log(`${passed} passed, ${failures} failed`);
  return failures === 0 ? 0 : 1;
}

try {
  process.exitCode = await main();
} catch (error) {
  say(error.message);
  console.log('0 passed, 1 failed');
  process.exitCode = 1;
}
