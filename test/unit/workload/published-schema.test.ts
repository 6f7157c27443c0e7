import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { workloadJsonSchema } from '../../../src-core/workload';

test('docs/workload.schema.json is the schema that the loader uses (`npx faultline describe --schema`)', () => {
  const published: unknown = JSON.parse(
    readFileSync(join(import.meta.dirname, '../../../docs/workload.schema.json'), 'utf8'),
  );
  expect(published).toEqual(workloadJsonSchema());
});
