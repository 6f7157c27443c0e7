import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { loadWorkload, workloadJsonSchema } from '../../../src-core/workload';

const reference = readFileSync(fileURLToPath(new URL('../../../docs/workload.md', import.meta.url)), 'utf8');

/** All keys of the language, from the published JSON Schema. */
function keys(schema: unknown, found = new Set<string>()): Set<string> {
  if (Array.isArray(schema)) for (const entry of schema) keys(entry, found);
  else if (typeof schema === 'object' && schema !== null)
    for (const [name, value] of Object.entries(schema as Record<string, unknown>)) {
      if (name === 'properties') for (const key of Object.keys(value as object)) found.add(key);
      keys(value, found);
    }
  return found;
}

it('the reference explains every key of the language', () => {
  const all = [...keys(workloadJsonSchema())];
  expect(all.length).toBeGreaterThan(50);
  expect(all.filter((key) => !new RegExp(`\`${key}\`|[{ ]${key}: `).test(reference))).toEqual([]);
});

it('the complete example of the reference loads', () => {
  const [, text = ''] = /```yaml\n([\s\S]*?)```/.exec(reference) ?? [];
  expect(loadWorkload(text, 'docs/workload.md').accesses).toBe(3 * 4194304);
});

it('the fragments of the reference load', () => {
  const fragments = [...reference.matchAll(/`- ((?:together|stencil|gemm): [^`]+)`/g)].map((match) => match[1] ?? '');
  expect(fragments.length).toBe(4);
  const grid = '{ layout: matrix, rows: 4096, columns: 4096 }';
  const objects = ['a', 'b', 'c', 'u', 'unew', 'r', 'A', 'B', 'C', 'x', 'y', 'index']
    .map((name) => `${name}: ${grid}`)
    .join(', ');
  for (const fragment of fragments)
    expect(
      loadWorkload(
        `faultline: 1\nname: t\nobjects: { ${objects} }\nphases: [ { name: p, steps: [ { on: gpu, do: [ { ${fragment} } ] } ] } ]`,
        'f',
      ).accesses,
    ).toBeGreaterThan(0);
});
