/**
 * The run as seen by a view: events fold into buckets of time as they come, and questions are answered from buckets. The
 * number of buckets is fixed; when the run outgrows them, neighbours are merged and the bucket width doubles. So memory
 * and answers stay bounded however long the run is, and the resolution is always at least 1/8192 of the whole.
 */
import {
  EVENT_KINDS,
  EVICTION,
  FAULT,
  LEDGER,
  LEDGER_METRICS,
  metricIndex,
  MIGRATION,
  OS,
  POLICY,
  reasonCode,
  STEP,
} from '../model/events';
import { objectColour } from '../model/catalog/colours';
import type { RecordingHeader } from '../model/recording';
import type { RunChange } from '../model/scenario';
import {
  MAX_BINS,
  type AxisKind,
  type MarkAnswer,
  type TimelineAnswer,
  type TimelineQuestion,
  type TrackAnswer,
} from '../model/timeline';
import type { EventChunk } from '../record/columns';
import { Staircase } from '../base/staircase';
import { asProcessor } from '../model/processor';
import type { Buckets } from './buckets';
import { type Columns, EventSums, OBJECT_NUMBERS_PER_ROW, RESIDENT } from './event-sums';
import { StepSpans } from './step-spans';
import { tracksOf, type TrackTable } from './tracks';

/** Objects drawn by name in the occupancy track; the rest is one band. */
const MAX_BANDS = 24;
const MAX_MARKS = 1000;
/** Calls, and as many outcomes: neither takes the room of the other, nor that of phases and policy changes. */
const MAX_OS_MARKS = 400;

const LEDGER_INDEX = LEDGER_METRICS.map(metricIndex);
const BEGIN = reasonCode('begin');
const CALL = reasonCode('call');
const DRIVER_EVENT = reasonCode('driver-event');

const OCCUPANCY = { group: 'occupancy', unit: 'bytes', down: false } as const;

export class Timeline {
  readonly axis: AxisKind;
  readonly objects: RecordingHeader['objects'];
  /** Highest instant or access number seen. */
  extentTo = 0;
  private readonly table: TrackTable;
  private readonly sums: EventSums;
  private readonly ledger: Float64Array;
  private readonly marks: MarkAnswer[] = [];
  private readonly steps = new StepSpans();
  private readonly seen = new Int32Array(8);
  /** `seen` before the current rows. */
  private readonly from = new Int32Array(8);
  private chunkSeen = -1;
  private readonly osMarks = { os: 0, outcome: 0 };
  private lastPhase = '';
  /** Accesses executed by instant, on a time axis. */
  private readonly progress = new Staircase();
  private progressTo = -1;
  private readonly capacityBytes: number;
  private readonly granuleBytes: number;

  /** Parameters of the memory system from the last row. */
  private knobs: RunChange['params'];

  constructor(header: RecordingHeader) {
    this.knobs = header.scenario.system?.params ?? {};
    this.axis = header.axis;
    this.objects = header.objects;
    this.capacityBytes = header.scenario.deviceMemoryBytes * header.devices;
    this.granuleBytes = header.scenario.granularity;
    this.table = tracksOf(header.scenario.system === undefined);
    const unitBytes = header.scenario.system ? 4096 : this.granuleBytes;
    this.sums = new EventSums(this.table, header.objects.length, unitBytes, this.axis);
    this.ledger = new Float64Array(this.sums.perObject.width);
  }

  /** Folds in the rows of the chunk that were not seen yet. */
  ingest(chunk: EventChunk): void {
    if (chunk.firstOrdinal !== this.chunkSeen) {
      this.chunkSeen = chunk.firstOrdinal;
      this.seen.fill(0);
    }
    const { seen, from } = this;
    from.set(seen);
    const timed = this.axis === 'time';
    if (timed || !this.hasOnlySums(chunk)) this.inOrder(chunk);
    else for (const { kind, count } of chunk.blocks) seen[kind] = count;
    // Accesses are counted up, so that the last row of a kind has gone furthest.
    for (const { kind, columns } of timed ? [] : chunk.blocks)
      if (seen[kind]! > from[kind]!) this.extend(columns.access[seen[kind]! - 1]!);
    // Sums do not depend on the order: frequent kinds are added column by column.
    this.sums.faults(chunk.blocks[FAULT]!, from[FAULT]!, seen[FAULT]!);
    for (const kind of [MIGRATION, EVICTION]) this.sums.transfers(chunk.blocks[kind]!, from[kind]!, seen[kind]!);
  }

  /** All rows that are new, which are those of the blocks, are faults and transfers. */
  private hasOnlySums({ blocks, count }: EventChunk): boolean {
    let rows = 0;
    for (const block of blocks) rows += block.count;
    return rows === count && blocks.every(({ kind, count: own }) => kind <= EVICTION || own === this.seen[kind]);
  }

  /** Rows that are processed one by one, in their order. */
  private inOrder(chunk: EventChunk): void {
    const { seen } = this;
    const timed = this.axis === 'time';
    let done = 0;
    for (let kind = 0; kind < EVENT_KINDS.length; kind++) done += seen[kind]!;
    for (let i = done; i < chunk.count; i++) {
      const kind = chunk.order[i]!;
      const row = seen[kind]!;
      if (timed) this.reaches(chunk.blocks[kind]!.columns, row);
      if (kind > EVICTION) this.row(chunk, kind, row);
      seen[kind] = row + 1;
    }
  }

  /** The run has come this far although nothing happened. */
  extend(to: number): void {
    if (to > this.extentTo) this.extentTo = to;
  }

  /** Accesses executed when the axis stood at x; where nothing was recorded in between, as if they were made evenly. */
  accessesAt(x: number): number {
    return this.axis === 'time' ? this.progress.evenlyAt(x) : x;
  }

  private cover(): void {
    this.sums.cover(this.extentTo);
  }

  /** The run has come to the instant of the row; on a time axis. */
  private reaches({ time, access }: Columns, row: number): void {
    const x = time[row] ?? 0;
    if (x > this.extentTo) this.extentTo = x;
    if (x <= this.progressTo) return;
    this.progressTo = x;
    this.progress.add(x, access[row]!);
  }

  /** A row of a rare kind. */
  private row(chunk: EventChunk, kind: number, row: number): void {
    const block = chunk.blocks[kind]!;
    const { columns } = block;
    const x = this.axis === 'time' ? (columns.time[row] ?? 0) : columns.access[row]!;
    if (kind === LEDGER) this.ledgerRow(columns.object[row]!, JSON.parse(block.details[row]!) as number[], x);
    else if (kind === POLICY) this.policyMark(JSON.parse(block.details[row]!) as RunChange, x, columns.batch[row]!);
    else if (kind === OS) this.osMark(columns, row, block.details[row]!, x);
    else if (kind === STEP) this.step(columns, row, block.details[row]!, x);
  }

  private ledgerRow(object: number, totals: readonly number[], x: number): void {
    const base = object * OBJECT_NUMBERS_PER_ROW;
    LEDGER_INDEX.forEach((metric, i) => {
      const change = (totals[i] ?? 0) - this.ledger[base + metric]!;
      if (change === 0) return;
      this.ledger[base + metric] = totals[i] ?? 0;
      this.sums.perObject.add(x, base + metric, change);
    });
  }

  private policyMark(policy: RunChange, x: number, batch: number): void {
    if (this.ownMarks() >= MAX_MARKS) return;
    let named = Object.entries(policy.params);
    if (policy.kind === 'system') {
      // The row holds every parameter; the mark names those that got another value.
      const before = this.knobs;
      named = named.filter(([name, value]) => before[name] !== value);
      this.knobs = policy.params;
    }
    const params = named.map(([name, value]) => `${name}=${value}`);
    this.marks.push({
      at: x,
      kind: 'policy',
      label: `${policy.kind}=${policy.id}`,
      detail: [`from fault batch ${batch}`, ...params].join(', '),
      values: params,
    });
  }

  /** Calls to the operating system, and outcomes that are not data; the first of them, so that phases keep their room. */
  private osMark(columns: Columns, row: number, detail: string, x: number): void {
    if (this.osMarks.os >= MAX_OS_MARKS && this.osMarks.outcome >= MAX_OS_MARKS) return;
    const { what, result } = JSON.parse(detail) as { what: string; result: string };
    const object = this.objects[columns.object[row]!]?.name;
    const isCall = columns.reason[row] === CALL;
    const isTold = columns.reason[row] === DRIVER_EVENT;
    const kind = isTold || (isCall && result === 'ok') ? 'os' : 'outcome';
    if (this.osMarks[kind] >= MAX_OS_MARKS) return;
    this.osMarks[kind]++;
    this.marks.push({
      at: x,
      kind,
      label: what,
      detail: object === undefined ? result : `${result}, in ${object}`,
    });
  }

  private step(columns: Columns, row: number, detail: string, x: number): void {
    const step = columns.step[row]!;
    if (columns.reason[row] !== BEGIN) {
      this.steps.end(step, x);
      return;
    }
    const { phase, name } = JSON.parse(detail) as { phase: string; name: string };
    this.steps.begin(step, x, name, asProcessor(columns.processor[row]!));
    this.phaseMark(phase, x);
  }

  /** Marks of phases and policy changes. */
  private ownMarks(): number {
    return this.marks.length - this.osMarks.os - this.osMarks.outcome;
  }

  private phaseMark(phase: string, x: number): void {
    if (phase === this.lastPhase || this.ownMarks() >= MAX_MARKS) return;
    this.lastPhase = phase;
    this.marks.push({ at: x, kind: 'phase', label: phase, detail: `phase ${phase} begins` });
  }

  /** Returns at most two values per bin and per track, and never more than MAX_BINS bins. */
  ask(question: TimelineQuestion): TimelineAnswer {
    this.cover();
    const { tracks: buckets } = this.sums;
    const range = buckets.range(question.from, question.to, Math.min(question.bins, MAX_BINS));
    const sums = buckets.sums(range);
    const tracks: TrackAnswer[] = this.table.tracks.map((track, i) => ({ ...track, values: sums[i]! }));
    tracks.push(...this.occupancy(range));
    return {
      axis: this.axis,
      extent: { from: 0, to: this.extentTo },
      from: range.from,
      to: range.to,
      bins: range.bins,
      capacityBytes: this.capacityBytes,
      tracks,
      marks: this.marksIn(range.from, range.to),
      ...this.steps.between(range.from, range.to, this.extentTo),
    };
  }

  /** The marks of a range, and the phase that is in force where it begins. */
  private marksIn(from: number, to: number): readonly MarkAnswer[] {
    const before = this.marks.filter((mark) => mark.kind === 'phase' && mark.at < from).at(-1);
    const inside = this.marks.filter((mark) => mark.at >= from && mark.at <= to);
    return before ? [before, ...inside] : inside;
  }

  /** Sums of all object numbers over a range, widened to whole buckets; rows of OBJECT_NUMBERS_PER_ROW. */
  objectSums(from: number, to: number): { from: number; to: number; sums: Float64Array; resident: Float64Array } {
    this.cover();
    const range = this.sums.perObject.range(from, to, 1);
    const columns = this.sums.perObject.width;
    const sums = new Float64Array(columns);
    this.sums.perObject.addUp(range.firstBucket, range.outerBucket, sums);
    const before = new Float64Array(columns);
    this.sums.perObject.addUp(0, range.outerBucket, before);
    const resident = new Float64Array(this.objects.length);
    for (let object = 0; object < resident.length; object++)
      resident[object] = before[object * OBJECT_NUMBERS_PER_ROW + RESIDENT]!;
    return { from: range.from, to: Math.min(range.to, Math.max(this.extentTo, range.from)), sums, resident };
  }

  private occupancy(range: ReturnType<Buckets['range']>): TrackAnswer[] {
    const { objects } = this;
    const bySize = objects.map((_, i) => i).sort((a, b) => objects[b]!.bytes - objects[a]!.bytes || a - b);
    const named = bySize.slice(0, MAX_BANDS).sort((a, b) => a - b);
    const answers: TrackAnswer[] = named.map((object) => ({
      id: `occupancy.${object}`,
      title: objects[object]!.name,
      short: objects[object]!.name,
      ...OCCUPANCY,
      colour: objectColour(object),
      object,
      ...this.sums.perObject.level([object * OBJECT_NUMBERS_PER_ROW + RESIDENT], range),
    }));
    if (bySize.length > MAX_BANDS) {
      const rest = bySize.slice(MAX_BANDS).map((object) => object * OBJECT_NUMBERS_PER_ROW + RESIDENT);
      answers.push({
        id: 'occupancy.other',
        title: 'other objects',
        short: 'other objects',
        ...OCCUPANCY,
        colour: objectColour(-1),
        object: -1,
        ...this.sums.perObject.level(rest, range),
      });
    }
    return answers;
  }
}
