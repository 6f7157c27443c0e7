/** Measures one row: here, or in a process of its own, so that no row finds the engine's code warmed by another. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sections } from './sections';
import type { BenchContext, Figures, Outcome } from './row';

export type RowSettings = Omit<BenchContext, 'folder'>;

/** How long a row may take, beside the time in which it cuts its own runs, before it is stopped. */
const PATIENCE_SECONDS = 300;
const LONG_PATIENCE_SECONDS = 1800;

const rowOf = (id: string) => sections.flatMap(({ rows }) => rows).find((row) => row.id === id);

/** Measures a row in this process. */
export async function measureHere(id: string, settings: RowSettings): Promise<Figures> {
  const row = rowOf(id);
  if (!row) throw new Error(`there is no row "${id}"`);
  const folder = mkdtempSync(join(tmpdir(), 'faultline-bench-'));
  try {
    return await row.measure({ ...settings, folder });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Measures a row in a new process of the built command line; never rejects. */
export function measureApart(id: string, settings: RowSettings): Promise<Outcome> {
  const { installation, runs, limitSeconds } = settings;
  const patience = rowOf(id)?.isLong ? LONG_PATIENCE_SECONDS : PATIENCE_SECONDS + 4 * limitSeconds;
  const program = join(installation.root, 'out/main/cli.cjs');
  const args = [program, 'bench', '--row', id, '--runs', String(runs), '--limit', String(limitSeconds)];
  return new Promise((done) => {
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
    let isStopped = false;
    const timer = setTimeout(() => {
      isStopped = true;
      child.kill('SIGKILL');
    }, patience * 1000);
    const fail = (failure: string): void => done({ failure });
    child.on('error', (error) => fail(error.message));
    child.on('close', (code) => {
      clearTimeout(timer);
      if (isStopped) fail(`stopped after ${patience} s`);
      else if (code !== 0)
        fail(Buffer.concat(err).toString('utf8').trim().split('\n')[0] || `exit code ${String(code)}`);
      else done({ figures: JSON.parse(Buffer.concat(out).toString('utf8')) as Figures });
    });
  });
}
