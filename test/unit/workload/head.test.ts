import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { loadWorkload, readHead } from '../../../src-core/workload';
import { listExamples } from '../../../src-main/host/examples';

const examples = listExamples(join(import.meta.dirname, '../../../examples'));

it('the head of every example is the name and summary that loading the whole file gives', () => {
  expect(examples.length).toBeGreaterThan(30);
  for (const { path } of examples) {
    const text = readFileSync(path, 'utf8');
    const { name, about } = loadWorkload(text, path);
    expect(readHead(text, path), path).toMatchObject({ name, about });
  }
});

it('the head of a block-style file is read even where a later section is wrong', () => {
  const text = 'faultline: 1\nname: Broken later\nobjects: 7\nabout: >-\n  one\n  # not a comment here\n  two\n';
  expect(readHead(text, 'broken.yaml')).toEqual({ name: 'Broken later', about: 'one # not a comment here two' });
});

it('a file without a summary has an empty one', () => {
  expect(readHead('faultline: 1\nname: Bare\n', 'bare.yaml')).toEqual({ name: 'Bare', about: '' });
});

it('a workload in JSON is loaded whole', () => {
  const text = JSON.stringify({
    faultline: 1,
    name: 'In JSON',
    about: ' why ',
    objects: { a: { size: '1MiB' } },
    phases: [{ name: 'p', steps: [{ on: 'gpu', do: [{ read: 'a' }] }] }],
  });
  expect(readHead(text, 'w.json')).toMatchObject({ name: 'In JSON', about: 'why' });
});
