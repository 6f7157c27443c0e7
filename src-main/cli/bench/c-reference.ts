/** Builds and runs the C reference (test/perf/reference.c), where there is a compiler. */
import { spawnSync } from 'node:child_process';
import { createWriteStream, existsSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { encodeAccesses, type BenchCase, type Counts, type Subject } from '../../../src-core/session/bench';
import type { BenchContext } from './row';

export interface CReference {
  /** Counts and CPU seconds of the timed part. */
  run(): Counts & { readonly seconds: number };
}

/** Why there is no C reference here, or null. */
export function whyNoReference(context: Pick<BenchContext, 'installation'>): string | null {
  if (!existsSync(join(context.installation.root, 'test/perf/reference.c'))) return 'its source is in checkouts only';
  const gcc = spawnSync('gcc', ['--version'], { stdio: 'ignore' });
  return gcc.status === 0 ? null : 'gcc is not installed (Debian: apt-get install gcc libc6-dev)';
}

/** Prepares the reference for a subject; null where it cannot be had. */
export async function prepareReference(
  context: BenchContext,
  bench: BenchCase,
  subject: Subject,
): Promise<CReference | null> {
  if (whyNoReference(context) !== null) return null;
  const source = join(context.installation.root, 'test/perf/reference.c');
  const program = join(context.folder, 'reference');
  const built = spawnSync('gcc', ['-O3', '-march=native', '-o', program, source], { encoding: 'utf8' });
  if (built.status !== 0) throw new Error(`gcc does not compile the C reference: ${built.stderr}`);
  const file = join(context.folder, 'accesses');
  const { granularity, deviceMemoryBytes } = subject.scenario;
  const accesses = encodeAccesses(subject.source, bench.isRunLength ? null : granularity);
  await pipeline(accesses, createWriteStream(file));
  const granules = subject.source.space.bytes / granularity;
  const capacity = deviceMemoryBytes / granularity;
  const args = [file, granularity, granules, capacity, granules > capacity ? 1 : 0].map(String);
  return {
    run() {
      const ran = spawnSync(program, args, { encoding: 'utf8' });
      if (ran.status !== 0) throw new Error(`the C reference failed: ${ran.stderr}`);
      return JSON.parse(ran.stdout) as Counts & { seconds: number };
    },
  };
}
