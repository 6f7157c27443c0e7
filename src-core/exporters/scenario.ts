/** What a report carries so that it can be run again: the whole scenario as plain data. */
import type { SystemChoice } from '../model/memory-system';
import type { ReportInput } from '../model/report';
import type { MachineSpec } from '../model/machine';
import { Refusal } from '../model/refusal';
import {
  CHANGE_KINDS,
  POLICY_KINDS,
  type AppliedChange,
  type PolicyChange,
  type PolicyChoice,
} from '../model/scenario';

export interface EmbeddedScenario {
  readonly format: 'faultline-scenario';
  readonly version: 1;
  readonly engineVersion: string;
  readonly workloadKind: 'workload' | 'trace';
  /** File name of the input; a trace itself is not embedded, `workloadSha256` identifies the right file. */
  readonly workloadFile: string | null;
  readonly workloadSha256: string;
  /** The workload file as it was read; empty for a trace, which is not embedded. */
  readonly workloadText: string;
  /** Of the shape of the run options of the protocol. Changes name the fault batch with which they took effect. */
  readonly options: {
    readonly machine: string;
    readonly deviceMemoryBytes: number;
    readonly granularity: number;
    readonly seed: number;
    readonly policies: readonly PolicyChoice[];
    readonly changes: readonly PolicyChange[];
    readonly usefulBytes: boolean;
    /** Absent in reports of runs on the ideal system. */
    readonly system?: SystemChoice;
  };
  /** Who asked for each of `options.changes`, in their order; absent in reports of older versions. */
  readonly changeOrigins?: readonly AppliedChange['origin'][];
  /** The machine whole, for one that is not a preset where the report is opened. */
  readonly machine: MachineSpec;
  /** The recording hash that a repetition must give; empty for a snapshot of an unfinished run. */
  readonly expectedHash: string;
}

export function toScenario({ summary, machine, workloadText, system }: ReportInput): EmbeddedScenario {
  return {
    format: 'faultline-scenario',
    version: 1,
    engineVersion: summary.engineVersion,
    workloadKind: summary.workload.kind,
    workloadFile: summary.workload.file,
    workloadSha256: summary.workload.sha256,
    workloadText,
    options: {
      machine: summary.machine.id,
      deviceMemoryBytes: summary.machine.deviceMemoryBytes,
      granularity: summary.machine.granularity,
      seed: summary.seed,
      policies: summary.policies,
      changes: summary.changes.map(({ batch, policy }) => ({ moment: { at: 'batch', batch }, policy })),
      usefulBytes: summary.totals.usefulBytes !== null,
      ...(system ? { system } : {}),
    },
    changeOrigins: summary.changes.map(({ origin }) => origin),
    machine,
    expectedHash: summary.recordingHash,
  };
}

type Plain = Readonly<Record<string, unknown>>;
const isPlain = (value: unknown): value is Plain =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0;
const isText = (value: unknown): boolean => typeof value === 'string';

const isChoice = (value: unknown, kinds: readonly string[]): boolean =>
  isPlain(value) &&
  kinds.some((kind) => kind === value['kind']) &&
  isText(value['id']) &&
  isPlain(value['params']) &&
  Object.values(value['params']).every((param) => ['number', 'string', 'boolean'].includes(typeof param));

const isPolicy = (value: unknown): boolean => isChoice(value, POLICY_KINDS);

const isSystem = (value: unknown): boolean =>
  isPlain(value) &&
  isText(value['id']) &&
  isPlain(value['params']) &&
  Object.values(value['params']).every((param) => ['number', 'string', 'boolean'].includes(typeof param));

const isChange = (value: unknown): boolean =>
  isPlain(value) &&
  isPlain(value['moment']) &&
  value['moment']['at'] === 'batch' &&
  isCount(value['moment']['batch']) &&
  isChoice(value['policy'], CHANGE_KINDS);

const listOf = (value: unknown, check: (entry: unknown) => boolean): boolean =>
  Array.isArray(value) && value.every(check);

/** What must hold of each field, and how to say it; the order is the order of the messages. */
const FIELDS: readonly (readonly [string, (value: unknown) => boolean, string])[] = [
  ['format', (value) => value === 'faultline-scenario', '"faultline-scenario"'],
  ['version', (value) => value === 1, '1; this report was written by a newer Faultline'],
  ['engineVersion', isText, 'a text'],
  ['workloadKind', (value) => value === 'workload' || value === 'trace', '"workload" or "trace"'],
  ['workloadFile', (value) => value === null || isText(value), 'a text or null'],
  ['workloadSha256', isText, 'a text'],
  ['workloadText', isText, 'a text'],
  ['options.machine', isText, 'a text'],
  ['options.deviceMemoryBytes', isCount, 'a whole number of bytes'],
  ['options.granularity', isCount, 'a whole number of bytes'],
  ['options.seed', isCount, 'a whole number'],
  ['options.policies', (value) => listOf(value, isPolicy), 'a list of policies (kind, id, params)'],
  ['options.changes', (value) => listOf(value, isChange), 'a list of changes (moment with a batch, policy)'],
  ['options.usefulBytes', (value) => typeof value === 'boolean', 'true or false'],
  ['options.system', (value) => value === undefined || isSystem(value), 'a memory system (id, params)'],
  [
    'changeOrigins',
    (value) => value === undefined || listOf(value, (origin) => origin === 'live' || origin === 'scheduled'),
    'a list of "live" or "scheduled"',
  ],
  ['machine', isPlain, 'a machine'],
  ['expectedHash', isText, 'a text'],
];

/** Checks what was embedded; reports travel through mails and editors. Throws Refusal that names the field. */
export function parseScenario(text: string, name: string): EmbeddedScenario {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new Refusal(
      `${name}: the embedded scenario is not JSON (${String(cause)}); the report is damaged; save it again`,
    );
  }
  for (const [path, holds, expected] of FIELDS) {
    const found = path.split('.').reduce<unknown>((at, key) => (isPlain(at) ? at[key] : undefined), value);
    if (!holds(found))
      throw new Refusal(
        `${name}: ${path} of the embedded scenario is not valid (expected ${expected}); save the report again`,
        [
          {
            kind: 'report-scenario',
            severity: 'error',
            message: `expected ${expected}`,
            count: 1,
            place: { file: name, path },
          },
        ],
      );
  }
  return value as EmbeddedScenario;
}
