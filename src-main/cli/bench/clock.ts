/** CPU time of this thread, of this process, and of the children that it waited for. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import type { BenchPlatform, Seconds } from '../../../src-core/session/bench';

/** Ticks per second in /proc/PID/stat; the kernel's USER_HZ is 100 on all platforms that Node runs on (man 5 proc). */
const USER_HZ = 100;

function procFile(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null; // no Linux
  }
}

/** Nanoseconds on the CPU, the first number of schedstat (Documentation/scheduler/sched-stats.rst); NaN elsewhere. */
const threadSeconds = (): number => Number((procFile('/proc/thread-self/schedstat') ?? 'NaN').split(' ')[0]) / 1e9;

export function secondsNow(): Seconds {
  const { user, system } = process.cpuUsage();
  return { wall: performance.now() / 1000, thread: threadSeconds(), process: (user + system) / 1e6 };
}

/** CPU seconds of ended children, in steps of 10 ms; NaN where the system does not tell. */
export function childSeconds(): number {
  const stat = procFile('/proc/self/stat');
  if (stat === null) return NaN;
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' '); // from the third field on
  return (Number(fields[13]) + Number(fields[14])) / USER_HZ;
}

export const benchPlatform: BenchPlatform = {
  seconds: secondsNow,
  createHash() {
    const hash = createHash('sha256');
    return { update: (bytes) => void hash.update(bytes), digest: () => hash.copy().digest('hex') };
  },
};
