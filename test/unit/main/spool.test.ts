import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createNodePlatform } from '../../../src-main/host/node-platform';

let folder: string;
let platform: ReturnType<typeof createNodePlatform>;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'faultline-test-'));
  platform = createNodePlatform({
    spoolFolder: folder,
    examplesFolder: folder,
    uploads: new Map(),
    onSpool: () => undefined,
  });
});
afterEach(() => {
  platform.close();
  rmSync(folder, { recursive: true, force: true });
});

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

describe('a spool file', () => {
  it('goes on from where it was truncated, while it is open and after it was closed', () => {
    const { path, sink } = platform.createSpool();
    sink.write(bytes('one two three'));
    sink.truncate(4);
    sink.write(bytes('2'));
    expect(readFileSync(path, 'utf8')).toBe('one 2');
    sink.close();
    sink.truncate(3);
    sink.write(bytes(', four'));
    expect(readFileSync(path, 'utf8')).toBe('one, four');
  });

  it('accepts no data after it was closed', () => {
    const { path, sink } = platform.createSpool();
    sink.write(bytes('one'));
    sink.close();
    expect(() => {
      sink.write(bytes('two'));
    }).toThrow('the recording is closed');
    expect(readFileSync(path, 'utf8')).toBe('one');
  });
});
