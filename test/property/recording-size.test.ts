/** How much of the disk a recording takes, where its columns have the least order. */
import { statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CHUNK_EVENTS } from '../../src-core/record/recorder';
import { mixedText } from '../../src-core/session/bench';
import { SessionClient } from '../support/session-client';

/** The mark of `docs/measurements.md` for an event, on average. */
const MOST_BYTES = 30;

/** The device holds half of the objects, and each system records more than a chunk of events. */
const TEXT = mixedText({ objects: '16MiB', device: '16MiB', element: 'f64', repeat: 20 });

let client: SessionClient;
beforeEach(() => void (client = new SessionClient()));
afterEach(() => client.close());

describe('a recording of accesses without order', () => {
  it.each([
    ['ideal', 'r0'],
    ['ideal', 'pcie4-16g'],
    ['hmm', 'pcie4-16g'],
    ['nvidia-uvm', 'pcie4-16g'],
    ['uvmsmart', 'pcie4-16g'],
  ] as const)(
    `of %s on %s has at most ${MOST_BYTES} bytes per event`,
    async (system, machine) => {
      const path = join(client.folder, 'mix.yaml');
      const record = join(client.folder, 'kept.arrow');
      writeFileSync(path, TEXT);
      await client.request('session.open', {
        target: { kind: 'path', path },
        options: { machine, record, ...(system !== 'ideal' && { system: { id: system, params: {} } }) },
      });
      const { state, events } = await client.finish();
      expect(state).toBe('finished');
      expect(events).toBeGreaterThan(CHUNK_EVENTS);
      expect(statSync(record).size / events).toBeLessThanOrEqual(MOST_BYTES);
    },
    120_000,
  );
});
