import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import type layerTable from './layers.cjs';
import { root } from './project-files';

const layers = createRequire(import.meta.url)('./layers.cjs') as typeof layerTable;

/** DEBT may only shrink: lower this number when an exception goes. */
const exceptionsAtMost = 0;

test('the list of exceptions does not grow', () => {
  expect(layers.exceptions.length).toBeLessThanOrEqual(exceptionsAtMost);
});

test('each folder of core has a row, and each row a folder', () => {
  const folders = readdirSync(join(root, 'src-core'), { withFileTypes: true }).filter((entry) => entry.isDirectory());
  const rows = Object.keys(layers.flow).filter((row) => !row.includes('/'));
  expect(folders.map((entry) => entry.name).sort()).toEqual(rows.sort());
  expect(Object.keys(layers.flow).filter((row) => !existsSync(join(root, 'src-core', row)))).toEqual([]);
});

test('each folder that may import a package exists in the table', () => {
  const unknown = Object.values(layers.packagesOfCore)
    .flat()
    .filter((folder) => !(folder in layers.flow));
  expect(unknown).toEqual([]);
});

/** One forbidden import each, with the name of the rule that must report it. */
const planted: Record<string, { readonly code: string; readonly rule: string }> = {
  'src-core/sim/planted.ts': {
    code: "import type { a } from '../kit/victim';\nexport type A = typeof a;",
    rule: 'layer src-core/sim',
  },
  'src-core/policies/planted.ts': {
    code: "export const load = () => import('../kit/victim');",
    rule: 'layer src-core/policies',
  },
  'src-core/kit/planted.ts': {
    code: "import { z } from 'zod';\nexport const s = z;",
    rule: 'packages of src-core/kit',
  },
  'src-core/record/planted.ts': {
    code: "import { join } from 'node:path';\nexport const j = join;",
    rule: 'packages of src-core/record',
  },
  'src-renderer/panels/planted.ts': {
    code: "export { a } from '../../src-core/kit/victim';",
    rule: 'layer src-renderer',
  },
  'src-renderer/widgets/Planted.vue': {
    code: '<script setup lang="ts">\nimport { a } from "../../src-core/kit/victim";\n</script>\n<template>{{ a }}</template>',
    rule: 'layer src-renderer',
  },
  'src-renderer/client/planted.ts': {
    code: "export { b } from '../stores/victim';",
    rule: 'layer src-renderer/client',
  },
  'src-core/kit/upward.ts': { code: "export { a } from './linux/victim';", rule: 'layer src-core/kit' },
  'src-core/systems/one/planted.ts': {
    code: "export { b } from '../two/victim';",
    rule: 'layer src-core/systems/one',
  },
  'src-main/cli/planted.ts': { code: "export { a } from '../../src-core/kit/victim';", rule: 'layer src-main' },
  'src-core/misplaced/planted.ts': { code: "export { a } from '../kit/victim';", rule: 'every file has a layer' },
};

test('planted violations are reported, lawful imports are not', () => {
  const folder = mkdtempSync(join(tmpdir(), 'faultline-layers-'));
  const write = (path: string, code: string): void => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), `${code}\n`);
  };
  try {
    symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
    cpSync(join(root, 'test/arch/layers.cjs'), join(folder, 'layers.cjs'));
    write('src-core/kit/victim.ts', 'export const a = 1;');
    write('src-core/kit/linux/victim.ts', 'export const a = 1;');
    write('src-core/systems/two/victim.ts', 'export const b = 1;');
    write('src-core/systems/three/index.ts', "export const three = {\n  uses: ['two'],\n};");
    write('src-core/systems/three/lawful.ts', "export { b } from '../two/victim';");
    write('src-renderer/stores/victim.ts', 'export const b = 1;');
    write('src-core/engine/lawful.ts', "export { a } from '../kit/victim';");
    write('src-core/contracts/lawful.ts', "import { z } from 'zod';\nexport const s = z;");
    for (const [path, { code }] of Object.entries(planted)) write(path, code);

    const program = join(root, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs');
    const places = ['src-core', 'src-main', 'src-renderer'];
    const args = [program, '--config', 'layers.cjs', '--output-type', 'json', ...places];
    const report = JSON.parse(
      execFileSync(process.execPath, args, { cwd: folder, encoding: 'utf8', maxBuffer: 2 ** 26 }),
    ) as {
      summary: { violations: { from: string; rule: { name: string } }[] };
    };
    const reported = report.summary.violations.map(({ from, rule }) => `${from}: ${rule.name}`);
    for (const [path, { rule }] of Object.entries(planted)) expect(reported).toContain(`${path}: ${rule}`);
    expect(reported.filter((line) => line.includes('lawful'))).toEqual([]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
