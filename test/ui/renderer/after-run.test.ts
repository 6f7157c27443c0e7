import { describe, expect, it } from 'vitest';
import { exportName } from '../../../src-renderer/app/export-name';
import { createTabMemory } from '../../../src-renderer/client/tab-memory';
import { findingsOf } from '../../../src-renderer/panels/findings/findings';
import { windowWords } from '../../../src-renderer/widgets/window-words';

describe('findings of a run that ended', () => {
  it('begin with the expectations that do not hold, as errors', () => {
    const note = { kind: 'clipped', severity: 'note', message: 'm', count: 2 } as const;
    const listed = findingsOf({
      findings: [note],
      expectations: [
        { what: 'gpuFaults', expected: '5', actual: 7, holds: false },
        { what: 'cpuFaults', expected: '1', actual: 1, holds: true },
        { what: 'usefulBytes', expected: 'at least 1', actual: null, holds: false },
      ],
    });
    expect(listed.map((one) => [one.severity, one.message])).toEqual([
      ['error', 'expect gpuFaults: expected 5, was 7'],
      ['error', 'expect usefulBytes: expected at least 1, was not recorded'],
      ['note', 'm'],
    ]);
  });
});

describe('names of exported files', () => {
  it('carry the workload and the run', () => {
    expect(exportName('S1: Jacobi, residual', '0123456789abcdef', 'json')).toBe('S1-Jacobi-residual-01234567.json');
    expect(exportName('S1', null, 'recording')).toBe('S1.arrow');
    expect(exportName('***', null, 'html')).toBe('faultline.html');
  });
});

describe('what a tab had open', () => {
  const storage = () => {
    const kept = new Map<string, string>();
    return {
      kept,
      getItem: (key: string) => kept.get(key) ?? null,
      setItem: (key: string, value: string) => void kept.set(key, value),
      removeItem: (key: string) => void kept.delete(key),
    };
  };

  it('survives a reload, with its options', () => {
    const place = storage();
    const opened = { target: { kind: 'example', id: 's2' }, options: { seed: 7 } } as const;
    expect(createTabMemory(place).recall()).toBeNull();
    createTabMemory(place).keep(opened);
    expect(createTabMemory(place).recall()).toEqual(opened);
    createTabMemory(place).forget();
    expect(createTabMemory(place).recall()).toBeNull();
  });

  it('is empty when it cannot be read', () => {
    const place = storage();
    const memory = createTabMemory(place);
    memory.keep({ target: { kind: 'example', id: 's2' }, options: {} });
    const [key] = [...place.kept.keys()];
    for (const damaged of ['{', '7', '{"target":{"kind":"moon"},"options":{}}', '{"target":null,"options":{}}']) {
      place.setItem(key!, damaged);
      expect(memory.recall()).toBeNull();
    }
  });
});

describe('messages in the window', () => {
  it('name what the window has, not only a flag of the command line', () => {
    expect(windowWords('no names; pass a symbol table with --symbols FILE: rows')).toContain('when you open the trace');
    expect(windowWords('Record with valgrind --tool=lackey')).toBe('Record with valgrind --tool=lackey');
  });
});
