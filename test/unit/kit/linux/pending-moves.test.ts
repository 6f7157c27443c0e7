import { describe, expect, it } from 'vitest';
import { randomStream } from '../../../../src-core/base/random';
import type { EventSink, TransferEvent } from '../../../../src-core/model/event-sink';
import { EVICTION, MIGRATION } from '../../../../src-core/model/events';
import { NO_PROCESSOR, asProcessor } from '../../../../src-core/model/processor';
import type { Ledger } from '../../../../src-core/kit/ledger';
import { PendingMoves, type MoveContext } from '../../../../src-core/kit/linux/pending-moves';
import { Moves } from '../../../../src-core/kit/moves';
import type { Residency } from '../../../../src-core/kit/residency';
import { asGranule } from '../../../../src-core/base/indices';

const NOBODY = NO_PROCESSOR;

interface Page {
  readonly context: MoveContext;
  readonly granule: number;
  readonly object: number;
  readonly from: number;
  readonly to: number;
}
/** kind, source, target, object, first granule, pages, reason, cause */
type Row = readonly number[];

/** Page by page, as the comment of `flush` says it: what leaves devices first, by granule, cut where copies end. */
function obvious(pages: readonly Page[], copyPages: number): Row[] {
  const leaves = ({ from, to }: Page): boolean => to <= 0 && from > 0;
  const rows: number[][] = [];
  for (const way of [pages.filter(leaves), pages.filter((page) => !leaves(page))]) {
    const sorted = [...way].sort((a, b) => a.granule - b.granule);
    sorted.forEach((page, i) => {
      const before = sorted[i - 1];
      const { kind, reason, cause } = page.context;
      const goesOn =
        before?.granule === page.granule - 1 &&
        before.object === page.object &&
        before.from === page.from &&
        before.to === page.to &&
        before.context.reason === reason &&
        before.context.kind === kind &&
        page.granule % copyPages !== 0;
      if (goesOn) rows.at(-1)![5]!++;
      else {
        const place = (processor: number): number => (processor < 0 ? NOBODY : processor);
        rows.push([kind, place(page.from), place(page.to), page.object, page.granule, 1, reason, cause]);
      }
    });
  }
  return rows;
}

describe('pages that moved', () => {
  it.each([Infinity, 16])(
    'are runs of neighbours, whatever the order in which they moved: copies of %s',
    (copyPages) => {
      const stream = randomStream(1, 'moves');
      for (let round = 0; round < 300; round++) {
        const rows: Row[] = [];
        const sink = {
          transfer: (event: TransferEvent) => {
            const { kind, source, target, object, address, bytes, reason, cause } = event;
            return rows.push([kind, source, target, object, address / 4096, bytes / 4096, reason, cause]) - 1;
          },
        };
        const space = { objects: [], regions: [{ address: 0, offset: 0, bytes: 2 ** 20 }], bytes: 2 ** 20 };
        const books = new Moves({
          ...{ config: { sink: sink as unknown as EventSink, space }, granuleBytes: 4096, granules: 256 },
          ...{ ledger: null as unknown as Ledger, accessCount: 0, batchNow: 0, step: 0 },
          residency: null as unknown as Residency,
        });
        const last = books.lastTransfer;
        const moves = new PendingMoves(books, null, (processor) => processor, copyPages);
        const pages: Page[] = [];
        for (let run = stream.below(6); run >= 0; run--) {
          const context: MoveContext = {
            kind: stream.below(2) === 0 ? MIGRATION : EVICTION,
            ...{ reason: stream.below(2), policy: 0, cause: stream.below(3) },
          };
          const [from, to] = [stream.below(3) - 1, stream.below(3) - 1];
          const first = stream.below(200);
          const step = stream.below(4) === 0 ? -1 : 1;
          for (let i = 0, count = 1 + stream.below(40); i < count; i++) {
            const granule = first + step * i;
            if (granule < 0) break;
            pages.push({ context, granule, object: granule >> 6, from, to });
          }
        }
        for (const { context, granule, object, from, to } of pages)
          moves.add(context, asGranule(granule), object, asProcessor(from), asProcessor(to));
        moves.flush(0, 0);
        expect(rows).toEqual(obvious(pages, copyPages));
        rows.forEach(([, , , , first, count], ordinal) => {
          const later = rows.slice(ordinal + 1);
          for (let g = first!; g < first! + count!; g++)
            if (!later.some((row) => g >= row[4]! && g < row[4]! + row[5]!)) expect(last[g]).toBe(ordinal);
        });
      }
    },
  );
});
