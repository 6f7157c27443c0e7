// `npm run check`: every static check, in order, without stopping at the first failure. `npm run fix` repairs what a
// machine can.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { projectRoot } from '../../src-main/build-if-stale.mjs';

const bin = (path) => join(projectRoot, 'node_modules', path);
const prettier = bin('prettier/bin/prettier.cjs');
const tsc = bin('typescript/bin/tsc');
const vueTsc = bin('vue-tsc/bin/vue-tsc.js');
const eslint = bin('eslint/bin/eslint.js');
const depcruise = bin('dependency-cruiser/bin/dependency-cruise.mjs');
const knip = bin('knip/bin/knip.js');
const vitest = bin('vitest/vitest.mjs');
const knipConfig = 'test/arch/knip.json';

const typeCheck = (program, folder) => [program, '-p', folder, '--pretty', 'false'];

/** Commands of one check run side by side. */
const checks = [
  { name: 'format', commands: [[prettier, '--check', '--log-level', 'warn', '.']] },
  {
    name: 'types',
    commands: [
      typeCheck(tsc, 'src-core'),
      typeCheck(tsc, 'src-main'),
      typeCheck(vueTsc, 'src-renderer'),
      typeCheck(vueTsc, 'test'),
      typeCheck(tsc, '.'),
    ],
  },
  { name: 'lint', commands: [[eslint, '.']] },
  {
    name: 'layers',
    commands: [[depcruise, '--config', 'test/arch/layers.cjs', 'src-core', 'src-main', 'src-renderer']],
  },
  {
    name: 'dead code',
    commands: [
      [knip, '-c', knipConfig],
      [knip, '-c', knipConfig, '--production'],
    ],
  },
  { name: 'architecture', commands: [[vitest, 'run', '--project', 'arch']] },
];

const fixes = [
  { name: 'registry list', commands: [[vitest, 'run', 'test/arch/registries.test.ts']], env: { FAULTLINE_FIX: '1' } },
  { name: 'limits', commands: [[vitest, 'run', 'test/arch/limits.test.ts']], env: { FAULTLINE_FIX: '1' } },
  {
    name: 'machines page',
    commands: [[vitest, 'run', 'test/arch/machines-page.test.ts']],
    env: { FAULTLINE_FIX: '1' },
  },
  {
    name: 'knobs page',
    commands: [[vitest, 'run', 'test/arch/knobs-page.test.ts']],
    env: { FAULTLINE_FIX: '1' },
  },
  { name: 'lint', commands: [[eslint, '--fix', '.']] },
  { name: 'format', commands: [[prettier, '--write', '--log-level', 'warn', '.']] },
];

function run(command, env) {
  return new Promise((done, fail) => {
    const options = {
      cwd: projectRoot,
      env: { ...process.env, NO_COLOR: '1', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    };
    const child = spawn(process.execPath, command, options);
    const output = [];
    child.stdout.on('data', (chunk) => output.push(chunk));
    child.stderr.on('data', (chunk) => output.push(chunk));
    child.on('error', fail);
    child.on('close', (code) => done({ ok: code === 0, output: Buffer.concat(output).toString('utf8').trim() }));
  });
}

async function runStep({ name, commands, env }) {
  const started = Date.now();
  const ended = await Promise.all(commands.map((command) => run(command, env)));
  const ok = ended.every((result) => result.ok);
  const output = ended.map((result) => result.output).filter((text) => text !== '');
  const seconds = ((Date.now() - started) / 1000).toFixed(1);
  console.log(`\n── ${name}: ${ok ? 'ok' : 'FAILED'} (${seconds} s)`);
  if (output.length > 0) console.log(output.join('\n'));
  return { name, ok, seconds };
}

const fixing = process.argv.includes('--fix');
const rows = [];
for (const step of fixing ? fixes : checks) rows.push(await runStep(step));

console.log('');
for (const { name, ok, seconds } of rows)
  console.log(`${ok ? 'ok    ' : 'FAILED'}  ${name.padEnd(14)}${seconds.padStart(6)} s`);
if (!rows.every((row) => row.ok)) {
  if (!fixing) console.log('\nWhat a machine can repair: npm run fix');
  process.exitCode = 1;
}
