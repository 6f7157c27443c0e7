import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { DEFAULT_SETTINGS, openSettings, withRecent } from '../../../src-main/app/settings';

let folder: string;
let file: string;
let problems: string[];
const open = () => openSettings(file, (problem) => problems.push(problem));

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'faultline-test-'));
  file = join(folder, 'app', 'settings.json');
  problems = [];
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

it('starts with defaults, and keeps what is changed', async () => {
  const settings = await open();
  expect(settings.get()).toEqual(DEFAULT_SETTINGS);
  settings.update((before) => withRecent(before, '/a.yaml', 'A'));
  settings.update((before) => withRecent(before, '/b.yaml', 'B'));
  await settings.flush();
  expect(readdirSync(join(folder, 'app'))).toEqual(['settings.json']);
  expect((await open()).get().recent).toEqual([
    { path: '/b.yaml', title: 'B' },
    { path: '/a.yaml', title: 'A' },
  ]);
  expect(problems).toEqual([]);
});

it.each(['{"window":', '[]', '{"window":{"x":0,"y":0,"width":1e9,"height":800,"maximized":false},"recent":[]}', ''])(
  'sets a damaged file aside and says so: %j',
  async (text) => {
    await open();
    writeFileSync(file, text);
    const settings = await open();
    expect(settings.get()).toEqual(DEFAULT_SETTINGS);
    expect(readFileSync(`${file}.damaged`, 'utf8')).toBe(text);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain('.damaged');
  },
);

it('uses defaults where the file cannot be read, without touching it', async () => {
  file = folder; // a folder in place of the file
  const settings = await open();
  expect(settings.get()).toEqual(DEFAULT_SETTINGS);
  settings.update((before) => withRecent(before, '/a.yaml', 'A'));
  await settings.flush();
  expect(problems).toHaveLength(2);
});

it('lists a file once, newest first, and not too many', () => {
  let settings = DEFAULT_SETTINGS;
  for (let i = 0; i < 20; i++) settings = withRecent(settings, `/${i}`, 'x');
  settings = withRecent(settings, '/15', 'again');
  expect(settings.recent).toHaveLength(12);
  expect(settings.recent[0]).toEqual({ path: '/15', title: 'again' });
  expect(settings.recent.filter(({ path }) => path === '/15')).toHaveLength(1);
});
