import { describe, expect, it } from 'vitest';
import { runEvents } from '../../support/event-run';
import { duel, file, summaryOf } from '../../support/programs';

const OF_LINUX = ['swapOuts', 'swapIns', 'hintFaults', 'cowBreaks', 'notifierEvents', 'pinnedBytesPeak'] as const;

describe('what only the Linux model counts', () => {
  it.each(['nvidia-uvm', 'uvmsmart'] as const)('is not known under %s: not zero', async (system) => {
    const { numbers } = summaryOf(await runEvents(file(duel(2), { system })));
    for (const name of OF_LINUX) expect(numbers[name], name).toBeNull();
    expect(numbers.rssConsistent).toBeNull();
    expect(numbers.pagesToDevice).toBeGreaterThan(0);
  });
  it('is counted where there is Linux underneath', async () => {
    const { numbers } = summaryOf(await runEvents(file(duel(2), { system: 'hmm' })));
    for (const name of OF_LINUX) expect(numbers[name], name).toBeTypeOf('number');
    expect(numbers.notifierEvents).toBeGreaterThan(0);
  });
});
