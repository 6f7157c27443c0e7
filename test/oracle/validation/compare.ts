/** Runs rows. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RunSummary } from '../../../src-core/model/summary';
import { examplesFolder, SessionClient } from '../../support/session-client';
import { validationRows } from './index';
import type { Compared } from './markdown';
import type { RunWorkload } from './row';

/** Keeps the summaries of runs that several rows make. */
export function createRunner(): RunWorkload {
  const made = new Map<string, Promise<RunSummary>>();
  return (file, wish = {}) => {
    const key = JSON.stringify([file, wish]);
    const before = made.get(key);
    if (before) return before;
    const fresh = once(file, wish);
    made.set(key, fresh);
    return fresh;
  };
}

async function once(file: string, wish: NonNullable<Parameters<RunWorkload>[1]>): Promise<RunSummary> {
  const client = new SessionClient();
  try {
    const target = { kind: 'path', path: join(examplesFolder, 'validation', `${file}.yaml`) } as const;
    return await client.run(target, { spool: false, ...wish });
  } finally {
    client.close();
  }
}

/** @param report told of each row as it begins */
export async function compareAll(report: (id: string) => void = () => undefined): Promise<Compared[]> {
  const run = createRunner();
  const all: Compared[] = [];
  for (const row of validationRows) {
    report(row.id);
    all.push({ row, result: await row.compare(run) });
  }
  return all;
}

/** The file that the command writes. */
export const documentPath = join(import.meta.dirname, '../../../docs/validation.md');
export const readDocument = (): string => readFileSync(documentPath, 'utf8');
