import { join } from 'node:path';
import { expect, it } from 'vitest';
import { listExamples } from '../../../src-main/host/examples';

const folder = join(import.meta.dirname, '../../../examples');

it('examples are listed by file name, those of a sub-folder with its name in front', () => {
  const ids = listExamples(folder).map(({ id }) => id);
  expect(ids.slice(0, 3)).toEqual(['s1-jacobi-residual', 's10-dgemm-on-malloc', 's2-flag-sharing']);
  expect(ids).toContain('thread-2015/01-dgemm-on-malloc');
  expect(ids.indexOf('s3-linked-list-48m')).toBe(ids.indexOf('s3-linked-list') - 1);
  expect(new Set(ids).size).toBe(ids.length);
});

it('the path of an example is that of its file', () => {
  const found = listExamples(folder).find(({ id }) => id === 'thread-2015/01-dgemm-on-malloc');
  expect(found?.path).toBe(join(folder, 'thread-2015', '01-dgemm-on-malloc.yaml'));
});

it('an installation without the folder has none', () => {
  expect(listExamples(join(folder, 'not-here'))).toEqual([]);
});
