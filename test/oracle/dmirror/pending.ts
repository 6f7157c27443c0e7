/** The self-tests that wait in the mm tree (`pending_tests` of hmm-selftests.json): their steps are sentences. */
import type { Profile } from '../../../src-core/kernel/kernel';
import { mmap } from '../../../src-core/kernel/mmap';
import { PAGE_BYTES } from '../../../src-core/kernel/page';
import { registerUffd, uffdCopy } from '../../../src-core/kernel/userfaultfd';
import { access, unlockedFault, type Outcome } from './commands';
import { checkOutcome, fail, type Context } from './expect';
import { makeMachine } from './machine';
import { notUnderstood } from './phrases';

export interface PendingTest {
  readonly id: string;
  readonly mapping: Readonly<Record<string, unknown>>;
  readonly steps: readonly string[];
}

/** Runs the sentences in order; one that is not known throws. */
export function runPending(test: PendingTest, variant: string, profile: Profile): void {
  const machine = makeMachine(profile, 'madvise');
  const { kernel, devices } = machine;
  const process = kernel.spawn('hmm-tests');
  const { kind, share, prot, pages, userfaultfd, ...rest } = test.mapping;
  const isKnown = kind === 'anon' && share === 'private' && prot === 'RW' && userfaultfd === 'MISSING';
  if (!isKnown || typeof pages !== 'number' || Object.keys(rest).length > 0) notUnderstood('a mapping', test.mapping);
  const { start } = mmap(kernel, process, { start: null, pages, prot: 'rw', shared: false });
  const ret = registerUffd(kernel, process.mm, start, start + pages);
  if (ret) fail('UFFDIO_REGISTER', 0, ret);
  const file = devices[variant === 'private' ? 0 : 2]!.open(process.mm);
  const mirror = new Uint8Array(pages * PAGE_BYTES);
  let byte = -1;
  for (const step of test.steps) {
    const handler = /^handler thread answers every missing fault with UFFDIO_COPY of bytes (0x[0-9A-F]{2})$/.exec(step);
    const read = /^READ_UNLOCKABLE (\d+) pages -> ret (\d+), cpages (\d+)$/.exec(step);
    const check = /^every mirror byte == (0x[0-9A-F]{2})$/.exec(step);
    if (handler) byte = Number(handler[1]);
    else if (read) {
      const end = start + Number(read[1]);
      const data = new Uint8Array(PAGE_BYTES).fill(byte);
      const answer = (vpn: number): boolean => uffdCopy(kernel, process.mm, vpn, data) === null;
      const outcome: Outcome = access(file, start, end, false, mirror, (from) =>
        unlockedFault(file, from, end, answer),
      );
      const context: Context = { vars: {}, variant, bits: {}, mirror };
      checkOutcome(context, { ret: Number(read[2]), cpages: Number(read[3]) }, outcome, Number(read[1]));
    } else if (check) {
      const wrong = mirror.findIndex((each) => each !== Number(check[1]));
      if (wrong >= 0) fail(`mirror byte ${wrong}`, check[1], mirror[wrong]);
    } else notUnderstood('a step', step);
  }
}
