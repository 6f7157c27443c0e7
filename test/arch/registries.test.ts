import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { bounds } from '../../src-core/analysis/bounds/index';
import { importers } from '../../src-core/importers/index';
import { policies } from '../../src-core/policies/index';
import { memorySystems } from '../../src-core/systems';
import { machines } from '../../src-core/presets/index';
import { sections } from '../../src-core/reports/sections/index';
import { panels } from '../../src-renderer/panels/index';
import { read, root } from './project-files';

// Ids are stored in recordings, layouts and scripts, so a committed id stays for ever. `npm run fix` adds new ones.
const committedFile = 'test/arch/registry-ids.json';
const committed = JSON.parse(read(committedFile)) as Record<string, string[]>;

const idsOf = (entries: readonly { readonly id: string }[]): string[] => entries.map((entry) => entry.id);
const registries: Record<string, string[]> = {
  policies: idsOf(policies),
  importers: idsOf(importers),
  machines: idsOf(machines),
  sections: idsOf(sections),
  panels: idsOf(panels),
  systems: idsOf(memorySystems),
  bounds: idsOf(bounds),
};

/** Old names, which entries still answer to. */
const former = new Set(memorySystems.flatMap(({ formerly }) => formerly ?? []));

if (process.env['FAULTLINE_FIX'] === '1') {
  for (const [name, ids] of Object.entries(registries))
    committed[name] = [...new Set([...(committed[name] ?? []), ...ids])].sort();
  writeFileSync(join(root, committedFile), `${JSON.stringify(committed, undefined, 2)}\n`);
}

describe.each(Object.entries(registries))('%s', (name, ids) => {
  test('has entries with unique kebab-case ids', () => {
    expect(ids.length).toBeGreaterThan(0);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.filter((id) => !/^[a-z0-9]+(-[a-z0-9]+)*$/.test(id))).toEqual([]);
  });

  test('keeps every id that was ever committed, or takes it as the old name of another', () => {
    expect((committed[name] ?? []).filter((id) => !ids.includes(id) && !former.has(id))).toEqual([]);
  });

  test('has no id that is not committed yet (npm run fix adds it)', () => {
    expect(ids.filter((id) => !(committed[name] ?? []).includes(id))).toEqual([]);
  });
});
