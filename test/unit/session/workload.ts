/** A small workload for sessions: some hundred fault batches, evictions, several phases. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { OpenTarget } from '../../../src-core/model/target';
import type { SessionClient } from '../../support/session-client';

export const workloadText = (repeat = 20): string => `faultline: 1
name: small
machine: r0
deviceMemory: 64KiB
granularity: 4KiB
objects:
  a: { size: 48KiB, element: f64 }
  b: { size: 48KiB, element: f64 }
phases:
  - name: init
    steps:
      - on: cpu
        do: [ { write: a }, { write: b } ]
  - name: sweep
    repeat: ${repeat}
    steps:
      - on: gpu
        do: [ { together: [ { read: a }, { write: b } ] } ]
      - on: cpu
        do: [ { read: b, part: [0, 0.25] } ]
`;

export function writeWorkload(client: SessionClient, text = workloadText()): OpenTarget {
  const path = join(client.folder, 'small.yaml');
  writeFileSync(path, text);
  return { kind: 'path', path };
}
