/**
 * Calls of the program during a run: prefetches and advice go to the driver; there is no operating system for other
 * calls.
 */
import type { OsStep } from '../../../model/os-action';
import { CPU, processorName, type ProcessorIndex } from '../../../model/processor';
import { toVirtual } from '../../../model/space';
import { NO_OBJECT } from '../../../model/events';
import { REASON } from '../../../kit/codes';
import { asGranule } from '../../../base/indices';
import type { CopyEngine } from './copy-engine';
import type { ExplicitCalls } from './explicit';
import type { UvmHost } from './host';

/** What the caller's own thread spends on a call; the copies are the driver's. Calls cost nothing else here. */
export interface UvmCaller extends UvmHost {
  beginBatch(): void;
  settleClock(processor: ProcessorIndex): number;
}

export function executeUvmCall(host: UvmCaller, explicit: ExplicitCalls, engine: CopyEngine, { action }: OsStep): void {
  const { granuleBytes, config, work, tally } = host;
  const range = 'range' in action ? action.range : null;
  const object = range ? config.space.objects[range.object]! : null;
  const from = object && range ? object.offset + range.from : 0;
  const to = object && range ? object.offset + range.to : 0;
  const first = asGranule(Math.floor(from / granuleBytes));
  const outer = Math.ceil(to / granuleBytes);
  const start = host.settleClock(CPU);
  let result = 'EOPNOTSUPP';
  let what: string = action.kind;
  work.begin(start);
  if (action.kind === 'migrate') {
    what = `migrate to ${processorName(action.to)}`;
    host.beginBatch();
    result = explicit.migrate(first, outer, action.to);
    host.clocks.reach(action.to, work.endPs); // work on the stream after it waits
    config.batchServiced();
  } else if (action.kind === 'memcpy') {
    what = `memcpy on ${processorName(action.device)}`;
    host.clocks.reach(action.device, start);
    const source = config.space.objects[action.source]!.offset + action.range.from;
    result = engine.copy(action.device, source, from, to - from);
    work.begin(host.settleClock(action.device)); // the caller waits for the copy
  } else if (action.kind === 'advise') {
    what = `advise ${action.hint}${action.at === null ? '' : ` ${processorName(action.at)}`}`;
    result = explicit.advise(first, outer, action);
  }
  host.clocks.reach(CPU, work.threadPs);
  host.tools.flush();
  if (action.kind !== 'memcpy') tally.driverPs += work.endPs - start;
  tally.apiCalls++;
  if (result !== 'ok') tally.outcome(result, what, object?.name ?? null, start, host.accessCount);
  config.sink.os({
    ...host.moment(start),
    processor: CPU,
    object: range?.object ?? NO_OBJECT,
    address: range ? toVirtual(config.space, first * granuleBytes) : 0,
    bytes: Math.min(to - from, 0xffffffff),
    reason: REASON.call,
    detail: JSON.stringify({ what, result }),
  });
}
