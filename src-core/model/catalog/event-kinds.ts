/**
 * The columns of recordings, and which of them each kind of event has. A new kind or column is a format change: bump
 * FORMAT_VERSION, add an upgrader and an entry in record/FORMATS.md. Columns in memory, the Arrow schema, the hash and
 * readers derive from here.
 */

/** Column name → type and unit. The order is the order in which recordingHash reads them. */
export const EVENT_COLUMNS = {
  /** EVENT_KINDS index. */
  kind: 'u8',
  /** Number of the event in the run, from 0, over all kinds. */
  ordinal: 'u32',
  /** Simulated instant in ps; 0 throughout on a machine without timing. */
  time: 'f64',
  /** ps; migration, eviction: transfer; step end: the whole step. */
  duration: 'f64',
  /** Accesses executed before this event. */
  access: 'f64',
  /** Fault batch, from 1; 0 = before the first. */
  batch: 'u32',
  /** Step instance, from 0. */
  step: 'u32',
  /** Faulting processor, or the processor of a step. */
  processor: 'u8',
  /** Where the bytes came from and went. */
  source: 'u8',
  target: 'u8',
  /** AccessOp of the fault. */
  op: 'u8',
  /** Index in the recording's object list. */
  object: 'u16',
  /** Virtual address of the first byte: of the granule, or of the first of several neighbours that moved as one. */
  address: 'f64',
  /** Bytes moved, came into being, or went; 0 where pages were dropped. */
  bytes: 'u32',
  /** Index of the policy that decided: those of the header's scenario, then the changes to policies; or NO_POLICY. */
  policy: 'u8',
  /** REASONS index. */
  reason: 'u8',
  /**
   * Ordinal of the event that led to this one: for a transfer, the fault that asked for it; for a fault, the transfer
   * that took the granule away (its eviction, or its way to another processor). NO_EVENT: none.
   */
  cause: 'u32',
} as const;
export type EventColumn = keyof typeof EVENT_COLUMNS;

interface KindRow {
  readonly id: string;
  /** What one event stands for. */
  readonly means: string;
  /** The others are null in a recording, and not hashed. */
  readonly columns: readonly EventColumn[];
  /** What the JSON text of a row holds; null: rows have none. */
  readonly detail: string | null;
}

const COMMON = ['kind', 'ordinal', 'time', 'access', 'batch', 'step'] as const;
const TRANSFER = ['duration', 'source', 'target', 'object', 'address', 'bytes', 'policy', 'reason', 'cause'] as const;

/** The place of a kind in the table is its stored code: the table only grows at its end. */
const rows = [
  {
    id: 'fault',
    means: 'a processor touched memory that was not there for it',
    columns: [...COMMON, 'processor', 'op', 'object', 'address', 'policy', 'reason', 'cause'],
    detail: null,
  },
  {
    id: 'migration',
    means: 'neighbouring pages moved to another memory, or came into being there',
    columns: [...COMMON, ...TRANSFER],
    detail: null,
  },
  {
    id: 'eviction',
    means: 'neighbouring pages left a device to make room, or were dropped',
    columns: [...COMMON, ...TRANSFER],
    detail: null,
  },
  {
    id: 'step',
    means: 'a step of the workload (a kernel, a host function) begins or ends',
    columns: [...COMMON, 'duration', 'processor', 'reason'],
    detail: 'at the beginning, the phase and the name of the step',
  },
  {
    id: 'ledger',
    means: 'running totals of one object: what is not an event by itself (accesses, dead and useful bytes)',
    columns: [...COMMON, 'object'],
    detail: 'the totals, in the order of LEDGER_METRICS',
  },
  {
    id: 'policy',
    means: 'a change took effect: a policy, or parameters of the memory system',
    columns: [...COMMON, 'policy', 'reason'],
    detail: 'the change',
  },
  {
    id: 'end',
    means: 'the last row of a complete recording',
    columns: COMMON,
    detail: 'the summary of the run',
  },
  {
    id: 'os',
    means: 'a call with its answer, or an outcome of an access (SIGBUS, OOM, an errno)',
    columns: [...COMMON, 'processor', 'object', 'address', 'bytes', 'reason'],
    detail: 'what was called or accessed, and the result',
  },
] as const satisfies readonly KindRow[];

export type EventKind = (typeof rows)[number]['id'];
interface KindEntry extends KindRow {
  readonly id: EventKind;
}
export const EVENT_TABLE: readonly KindEntry[] = rows;
