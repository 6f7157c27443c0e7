/** What the driver tells its tools is in the recording, a row for neighbouring pages. */
import { describe, expect, it } from 'vitest';
import { OS, reasonCode } from '../../../../src-core/model/events';
import { ToolsEvents } from '../../../../src-core/systems/nvidia-uvm/mechanics/tools-events';
import { GPU0, asProcessor } from '../../../../src-core/model/processor';
import { runEvents, type EventRun } from '../../../support/event-run';
import { byte, call, duel, figure, file, step } from '../../../support/programs';

const told = ({ events }: EventRun): string[] =>
  events
    .filter(({ kind, reason }) => kind === OS && reason === reasonCode('driver-event'))
    .map(({ detail, bytes }) => {
      const { what, result } = JSON.parse(detail) as { what: string; result: string };
      return `${what} ${result} ${bytes! / 4096}`;
    });

describe('the recording', () => {
  it('records the events of a page that two processors use in turn', async () => {
    const made = await runEvents(file(duel(20), { objects: { a: '4KiB' } }));
    const rows = told(made);
    const count = (what: string): number => rows.filter((row) => row.startsWith(what)).length;
    expect(rows[0]).toBe('ThrashingDetected thrashing 1');
    expect(count('ThrottlingStart')).toBe(figure('throttlingStarts')(made));
    expect(count('ThrottlingEnd')).toBe(figure('throttlingEnds')(made));
    expect(rows.filter((row) => row.startsWith('MapRemote'))).toEqual(['MapRemote thrashing 1']);
  });

  it('has the throttling of the CPU around its sleep', async () => {
    const { events } = await runEvents(file(duel(20), { objects: { a: '4KiB' } }));
    const naps = events.filter(
      ({ kind, processor, detail }) => kind === OS && processor === 0 && /Thrott/.test(detail),
    );
    expect(naps.map(({ detail }) => (JSON.parse(detail) as { what: string }).what)).toEqual(
      Array.from({ length: 5 }, () => ['ThrottlingStart', 'ThrottlingEnd']).flat(),
    );
    // At most a nap of 500 us, with stamps in steps of 64 ns; the fault itself comes first.
    for (let i = 0; i < naps.length; i += 2) {
      const sleptPs = naps[i + 1]!.time! - naps[i]!.time!;
      expect(sleptPs).toBeGreaterThan(0);
      expect(sleptPs).toBeLessThanOrEqual(500e6);
    }
  });

  it('has copies and their end', async () => {
    const made = await runEvents(
      file([
        ...[call('advise: a, hint: read-mostly'), step('gpu0', byte('read')), step('cpu', byte('write'))],
        ...[step('gpu0', byte('read')), call('advise: a, hint: not-read-mostly')],
      ]),
    );
    expect(told(made)).toEqual([
      'ReadDuplicate read-duplication 16', // the page that faulted and the rest of its 64 KiB
      'ReadDuplicateInvalidate read-duplication 1',
      'ReadDuplicate read-duplication 1',
      'ReadDuplicateInvalidate read-duplication 16',
    ]);
  });

  it('does not call a mapping of own memory remote', async () => {
    const steps = [
      ...[call('advise: a, hint: accessed-by, at: cpu'), step('gpu0', 'read: a'), step('gpu0', 'read: b')],
    ];
    const made = await runEvents(file(steps, { objects: { a: '2MiB', b: '2MiB' }, deviceMemory: '2MiB' }));
    expect(figure('evictedRoots')(made)).toBe(1);
    expect(told(made)).toEqual([]);
    expect(figure('mapRemote')(made)).toBe(0);
    // The eviction has mapped it again: there is nothing to fault on.
    const { run } = await runEvents(
      file([...steps, step('cpu', 'read: a')], { objects: { a: '2MiB', b: '2MiB' }, deviceMemory: '2MiB' }),
    );
    expect(run.memory.ledger.counters[0]).toBe(0);
  });

  it('has one row for the pages that a call maps', async () => {
    const made = await runEvents(file([call('advise: a, hint: accessed-by, at: gpu0'), step('gpu0', 'read: a')]));
    expect(told(made)).toEqual(['MapRemote policy 512']);
  });

  it('says that pages are mapped because they were evicted', async () => {
    const steps = [step('gpu0', 'write: a'), step('gpu0', 'write: b')];
    const text = file(steps, { objects: { a: '2MiB', b: '2MiB' }, initially: 'unpopulated', deviceMemory: '2MiB' });
    const made = await runEvents(text, { uvm_perf_access_counter_migration_enable: 1 });
    expect(told(made)).toEqual(['MapRemote eviction 512']);
  });
});

describe('ToolsEvents', () => {
  it('joins pages across blocks, and starts anew for another processor', () => {
    const rows: unknown[] = [];
    const host = { pagesPerBlock: 512, granuleBytes: 4096, event: (...row: readonly unknown[]) => void rows.push(row) };
    const tools = new ToolsEvents(host);
    tools.pages('MapRemote', 'policy', GPU0, 0, 510, 512);
    tools.page('MapRemote', 'policy', GPU0, 1, 0);
    tools.page('MapRemote', 'policy', asProcessor(2), 1, 1);
    tools.flush();
    tools.flush();
    expect(rows).toEqual([
      [1, 510, 3 * 4096, 'MapRemote', 'policy'],
      [2, 513, 4096, 'MapRemote', 'policy'],
    ]);
  });

  it('writes at most 20,000 rows', () => {
    let rows = 0;
    const tools = new ToolsEvents({
      pagesPerBlock: 512,
      granuleBytes: 4096,
      event: () => {
        rows++;
      },
    });
    for (let page = 0; page < 25_000; page++) tools.page('MapRemote', 'policy', GPU0, 2 * page, 0);
    tools.flush();
    expect(rows).toBe(20_000);
  });
});
