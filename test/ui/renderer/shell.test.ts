import { createPinia, setActivePinia } from 'pinia';
import { beforeEach, describe, expect, it } from 'vitest';
import type { RunStatus } from '../../../src-core/protocol/answers';
import { importersFor } from '../../../src-renderer/app/importers';
import { SPEEDS, statusNumbers } from '../../../src-renderer/app/status-text';
import { parsePreferences } from '../../../src-renderer/stores/stored-preferences';
import { useViewStore } from '../../../src-renderer/stores/view';

const status: RunStatus = {
  state: 'running',
  progress: 0.43,
  doing: '',
  axis: 'time',
  extentTo: 3e9,
  accesses: 1_200_000,
  batches: 640,
  events: 1000,
  simTimePs: 3e9,
  phase: 'iterate[12]',
  policies: [],
  system: null,
  pendingChanges: [],
  speed: null,
  error: null,
};

describe('state of the run in words', () => {
  it('has progress, phase, counts and time', () => {
    expect(statusNumbers(status)).toEqual(['43 %', 'iterate[12]', '1.2 M accesses', '640 fault batches', '3 ms']);
  });

  it('names no time where the machine has none, and no progress where it is not known', () => {
    expect(statusNumbers({ ...status, axis: 'accesses', progress: null })).toEqual([
      'iterate[12]',
      '1.2 M accesses',
      '640 fault batches',
    ]);
  });

  it('says what is being done while opening', () => {
    expect(statusNumbers({ ...status, state: 'opening', doing: 'reading a.gz' })).toEqual(['reading a.gz']);
    expect(statusNumbers({ ...status, state: 'ready', extentTo: 0 })).toEqual([]);
  });

  it('offers full speed first and distinct limits', () => {
    expect(SPEEDS[0]?.batchesPerSecond).toBeNull();
    expect(new Set(SPEEDS.map((speed) => speed.value)).size).toBe(SPEEDS.length);
  });
});

describe('import dialog', () => {
  const importer = (id: string, extensions: string[], auxiliary: string[]) => ({
    id,
    title: id,
    summary: '',
    extensions,
    auxiliary: auxiliary.map((option) => ({ option, title: option, help: '' })),
  });
  const importers = [importer('lackey', ['lackey', 'txt'], ['symbols']), importer('csv', ['csv'], [])];
  const ids = (name: string): string[] => importersFor(name, importers).map((one) => one.id);

  it('asks for further files only where an importer takes some', () => {
    expect(ids('matmul.lackey')).toEqual(['lackey']);
    expect(ids('matmul.lackey.gz')).toEqual(['lackey']);
    expect(ids('MATMUL.TXT.zst')).toEqual(['lackey']);
    expect(ids('list.csv')).toEqual([]);
  });

  it('never asks for our own formats nor for names that say nothing of a trace', () => {
    expect(ids('notes')).toEqual([]);
    expect(ids('run.bin')).toEqual([]);
    expect(ids('s1.yaml')).toEqual([]);
    expect(ids('s1.json.gz')).toEqual([]);
    expect(ids('trace.out.3417')).toEqual(['lackey']);
  });
});

describe('preferences', () => {
  it('survive storage', () => {
    const stored = {
      theme: 'dark',
      bottomTab: 'report',
      folded: ['facts'],
      sideWidth: 333,
      bottomHeight: 200,
      sideHidden: true,
      boundsShown: false,
      boundsAfterRuns: false,
    };
    expect(parsePreferences(JSON.stringify(stored))).toEqual(stored);
  });

  it('fall back field by field when storage is damaged or of another version', () => {
    const initial = parsePreferences(null);
    expect(parsePreferences('{not json')).toEqual(initial);
    expect(parsePreferences('7')).toEqual(initial);
    expect(parsePreferences('{"theme":"pink","sideWidth":-4,"folded":["a",7],"bottomTab":"report"}')).toEqual({
      ...initial,
      bottomTab: 'report',
      folded: ['a'],
    });
  });
});

describe('view store', () => {
  beforeEach(() => setActivePinia(createPinia()));

  it('goes back to the whole run, and forgets everything with a new run', () => {
    const view = useViewStore();
    view.zoomTo({ from: 1, to: 2 });
    view.follow = true;
    view.select({ from: 1, to: 2 });
    view.focus(3);
    view.fit();
    expect([view.zoom, view.follow, view.selection]).toEqual([null, false, { from: 1, to: 2 }]);
    view.forget();
    expect([view.selection, view.focusObject]).toEqual([null, null]);
  });

  it('takes the emphasis off an object at the second click', () => {
    const view = useViewStore();
    view.focus(3);
    expect(view.focusObject).toBe(3);
    view.focus(3);
    expect(view.focusObject).toBeNull();
  });
});
