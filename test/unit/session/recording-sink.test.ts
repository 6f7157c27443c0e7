import { describe, expect, it } from 'vitest';
import { RecordingSink } from '../../../src-core/session/recording-sink';

/** A disk with room for so many bytes. */
function disk(room: number): { sink: RecordingSink; held: () => number[] } {
  let held: number[] = [];
  const sink = new RecordingSink({
    write: (bytes) => {
      if (held.length + bytes.length > room) throw new Error('no space left on device');
      held.push(...bytes);
    },
    truncate: (length) => void (held = held.slice(0, length)),
    close: () => undefined,
  });
  return { sink, held: () => held };
}

describe('a recording on a full disk', () => {
  it('stops with the reason, and keeps what was written before', () => {
    const { sink, held } = disk(5);
    sink.write(Uint8Array.of(1, 2));
    sink.write(Uint8Array.of(3, 4));
    expect(sink.stopped).toBeNull();
    sink.write(Uint8Array.of(5, 6));
    sink.write(Uint8Array.of(7)); // would fit, but behind a gap
    expect(sink.stopped).toBe('no space left on device');
    expect(held()).toEqual([1, 2, 3, 4]);
  });

  it('goes on after going back to before it was full, and stays stopped behind', () => {
    const { sink, held } = disk(5);
    sink.write(Uint8Array.of(1, 2));
    sink.write(Uint8Array.of(3, 4));
    sink.write(Uint8Array.of(5, 6));
    sink.truncate(6);
    expect(sink.stopped).toBe('no space left on device');
    sink.truncate(2);
    expect(sink.stopped).toBeNull();
    sink.write(Uint8Array.of(8));
    expect(held()).toEqual([1, 2, 8]);
  });
});
