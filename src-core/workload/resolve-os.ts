/** `os:` as written → a call with names resolved and ranges in bytes. What Linux answers to it is known in the run only. */
import { unreachable } from '../base/assert';
import { parseBytes } from '../base/units';
import { type Hint, MAIN_PROCESS, type OsAction, type OsRange } from '../model/os-action';
import { CPU, processorIndex, type ProcessorIndex } from '../model/processor';
import { MAX_OBJECT_BYTES } from './limits';
import type { Path } from './problems';
import { findObject, resolveRange, type Scope } from './resolve-access';
import { OS_CALLS, type OsCall, type OsData, RANGE_CALLS, type RangeCall } from './schema-os';
import type { WorkloadObject } from './workload';

const PAGE_BYTES = 4096;

const OPTIONS = [
  'prot',
  'advice',
  'hint',
  'at',
  'value',
  'dontUnmap',
  'longTerm',
  'write',
  'node',
  'nodes',
  'policy',
  'home',
  'to',
  'from',
] as const;
type Option = (typeof OPTIONS)[number];
/** Which calls take an option; those in `NEEDED` do not go without. */
const CALLS_WITH: Readonly<Record<Option, readonly OsCall[]>> = {
  prot: ['mprotect'],
  advice: ['madvise'],
  hint: ['advise'],
  at: ['advise', 'memcpy'],
  value: ['advise'],
  dontUnmap: ['mremap'],
  longTerm: ['pin'],
  write: ['pin'],
  node: ['mbind'],
  nodes: ['mbind'],
  policy: ['mbind'],
  home: ['mbind'],
  to: ['truncate', 'migrate'],
  from: ['memcpy'],
};
const NEEDED: readonly (readonly [OsCall, Option, string])[] = [
  ['mprotect', 'prot', 'none, r or rw, such as { mprotect: A, prot: r }'],
  ['madvise', 'advice', 'an advice, such as { madvise: A, advice: dontneed }'],
  ['truncate', 'to', 'the new size, such as { truncate: A, to: 4MiB }'],
  ['migrate', 'to', 'cpu or a gpu, such as { migrate: A, to: gpu0 }'],
  ['memcpy', 'from', 'the object that is copied, such as { memcpy: A, from: B }'],
  ['advise', 'hint', 'a hint, such as { advise: A, hint: preferred-location, at: gpu0 }'],
];
/** Hints about one processor. */
const HINTS_AT: readonly Hint[] = ['preferred-location', 'accessed-by', 'not-accessed-by', 'access'];
const FILE_CALLS: readonly OsCall[] = ['sync', 'truncate', 'fileRead', 'fileWrite'];
const FILE_MAPPINGS = ['file-private', 'file-shared', 'dax', 'anon-shared'];

interface Context {
  readonly data: OsData;
  readonly path: Path;
  readonly scope: Scope;
  /** Devices that steps of the file run on. */
  readonly devices: number;
  readonly wrong: (kind: string, message: string, key?: string, atKey?: boolean) => null;
}

/** null where something is wrong; what, is in scope.problems. */
export function resolveOs(data: OsData, path: Path, scope: Scope, devices: number): OsAction | null {
  const wrong: Context['wrong'] = (kind, message, key, atKey = false) => {
    scope.problems.push({ kind, message, path: key === undefined ? path : [...path, key], atKey });
    return null;
  };
  const calls = OS_CALLS.filter((call) => data[call] !== undefined);
  const call = calls[0];
  if (call === undefined)
    return wrong('missing-key', `calls nothing; expected one of ${OS_CALLS.join(', ')}, such as { munmap: A }`);
  if (calls[1]) return wrong('wrong-value', `"${call}" and "${calls[1]}" in one step; make two steps`, calls[1], true);
  const stray = OPTIONS.find((option) => data[option] !== undefined && !CALLS_WITH[option].includes(call));
  if (stray)
    return wrong(
      'wrong-key',
      `"${stray}" is only for ${CALLS_WITH[stray].join(' and ')}, not for ${call}`,
      stray,
      true,
    );
  for (const [needing, option, what] of NEEDED)
    if (needing === call && data[option] === undefined)
      return wrong('missing-key', `${call} needs "${option}"; expected ${what}`);
  const context: Context = { data, path, scope, devices, wrong };
  if (isRangeCall(call)) return rangeAction(call, context);
  const part = (['bytes', 'elements', 'part'] as const).find((key) => data[key] !== undefined);
  if (part) return wrong('wrong-key', `"${part}" chooses a part of an object; ${call} has none`, part, true);
  return otherAction(call, context);
}

const isRangeCall = (call: OsCall): call is RangeCall => (RANGE_CALLS as readonly string[]).includes(call);

function rangeAction(call: RangeCall, context: Context): OsAction | null {
  const { data, path, scope, wrong } = context;
  const target = findObject(scope, data[call] ?? '', [...path, call]);
  if (!target) return null;
  const { spec, index } = target;
  if (FILE_CALLS.includes(call) && !FILE_MAPPINGS.includes(spec.mapping ?? 'anon'))
    return wrong(
      'wrong-value',
      `${call} needs a file; ${spec.name} is mapped ${spec.mapping ?? 'anon'}. Give it map: file-shared or file-private`,
      call,
    );
  if (call === 'truncate') return truncateAction(context, spec, index);
  // A range of bytes may begin and end inside an element: calls work on pages.
  const found = resolveRange({ ...data, ...(data.bytes && { element: '1B' }) }, spec, path, scope.problems);
  if (!found) return null;
  const range: OsRange = { object: index, from: found.first, to: found.first + found.width * found.elements };
  switch (call) {
    case 'mremap':
      return { kind: call, range, dontUnmap: data.dontUnmap ?? false };
    case 'mprotect':
      return { kind: call, range, prot: data.prot ?? 'none' };
    case 'madvise':
      return { kind: call, range, advice: data.advice ?? 'dontneed' };
    case 'pin':
      return { kind: call, range, longTerm: data.longTerm ?? false, write: data.write ?? true };
    case 'mbind':
      return mbindAction(context, range);
    case 'migrate': {
      const to = place(context, 'to', data.to);
      return to === null ? null : { kind: call, range, to };
    }
    case 'memcpy':
      return memcpyAction(context, range);
    case 'advise':
      return adviseAction(context, range);
    case 'fileRead':
      return { kind: 'file-read', range };
    case 'fileWrite':
      return { kind: 'file-write', range };
    default:
      return { kind: call, range };
  }
}

/** The source holds the same bytes; the engine belongs to a device. */
function memcpyAction(context: Context, range: OsRange): OsAction | null {
  const { data, path, scope, wrong } = context;
  const source = findObject(scope, data.from ?? '', [...path, 'from']);
  const device = place(context, 'at', data.at ?? 'gpu0');
  if (!source || device === null) return null;
  if (device === CPU) return wrong('wrong-value', 'is "cpu"; expected a gpu, whose copy engine it is', 'at');
  if (source.index === range.object) return wrong('wrong-value', 'is copied onto itself; give another object', 'from');
  if (source.spec.bytes < range.to)
    return wrong(
      'wrong-range',
      `${source.spec.name} has ${source.spec.bytes} bytes and ${range.to} are to be copied; choose a part, or a larger object`,
      'from',
    );
  return { kind: 'memcpy', range, source: source.index, device };
}

/** A hint goes with a processor, with a number, or with neither. */
function adviseAction(context: Context, range: OsRange): OsAction | null {
  const { data, wrong } = context;
  const hint = data.hint ?? 'read-mostly';
  const needs = HINTS_AT.includes(hint) ? 'at' : hint === 'granularity' ? 'value' : null;
  for (const option of ['at', 'value'] as const) {
    if (data[option] !== undefined && option !== needs)
      return wrong('wrong-key', `"${option}" is not allowed with the hint ${hint}`, option, true);
    if (data[option] === undefined && option === needs)
      return wrong('missing-key', `the hint ${hint} needs "${option}"; expected ${HINT_EXAMPLES[option]}`);
  }
  const at = needs === 'at' ? place(context, 'at', data.at) : null;
  if (needs === 'at' && at === null) return null;
  return { kind: 'advise', range, hint, at, value: data.value ?? null };
}
const HINT_EXAMPLES = {
  at: 'cpu or a gpu, such as { advise: A, hint: preferred-location, at: gpu0 }',
  value: 'log2 of pages, such as { advise: A, hint: granularity, value: 9 }',
} as const;

function mbindAction(context: Context, range: OsRange): OsAction | null {
  const { data, wrong } = context;
  const { node, nodes, policy = 'bind' } = data;
  if (node === undefined && nodes === undefined)
    return wrong('missing-key', 'mbind needs "node"; expected cpu or a gpu, such as { mbind: A, node: gpu0 }');
  if (node !== undefined && nodes !== undefined)
    return wrong('wrong-key', '"node" names one node, "nodes" several; remove one of them', 'nodes', true);
  if (policy === 'preferred' && data.home !== undefined)
    return wrong(
      'wrong-key',
      'policy preferred has no home node; expected bind or preferred-many with it',
      'home',
      true,
    );
  const found =
    node === undefined ? nodes!.map((name) => place(context, 'nodes', name)) : [place(context, 'node', node)];
  const home = data.home === undefined ? CPU : place(context, 'home', data.home);
  if (home === null || found.includes(null)) return null;
  const known = [...new Set(found as ProcessorIndex[])].sort((a, b) => a - b);
  return { kind: 'mbind', range, mode: policy, nodes: known, home: data.home === undefined ? null : home };
}

/** The range of the action is what is cut off. */
function truncateAction({ data, path, scope, wrong }: Context, spec: WorkloadObject, index: number): OsAction | null {
  const part = (['bytes', 'elements', 'part'] as const).find((key) => data[key] !== undefined);
  if (part)
    return wrong('wrong-key', `"${part}" is not allowed with truncate; give the new size with "to"`, part, true);
  const size = parseBytes(data.to ?? '');
  if (!size.ok) return wrong('wrong-value', size.error, 'to');
  if (size.value >= spec.bytes || size.value % PAGE_BYTES !== 0) {
    scope.problems.push({
      kind: 'wrong-range',
      message: `${size.value} bytes; expected whole pages of 4 KiB, less than the ${spec.bytes} bytes of ${spec.name}`,
      path: [...path, 'to'],
    });
    return null;
  }
  return { kind: 'truncate', range: { object: index, from: size.value, to: spec.bytes } };
}

function place(
  context: Context,
  key: 'node' | 'nodes' | 'home' | 'to' | 'at' | 'unplug' | 'replug',
  name = '',
): ProcessorIndex | null {
  const { wrong, devices } = context;
  const index = processorIndex(name);
  const known = `gpu0${devices > 1 ? ` … gpu${devices - 1}` : ''}`;
  const host = key === 'unplug' || key === 'replug' ? '' : 'cpu or ';
  if (index === undefined || (index === CPU && host === ''))
    return wrong('wrong-value', `is "${name.slice(0, 60)}"; expected ${host}${known}`, key);
  if (index > devices)
    return wrong(
      'unknown-device',
      `there is no ${name} in this workload; its steps run on ${known}. Expected ${host}${known}`,
      key,
    );
  return index;
}

function otherAction(call: Exclude<OsCall, RangeCall>, context: Context): OsAction | null {
  const { data, wrong } = context;
  switch (call) {
    case 'fork': {
      const child = data.fork ?? '';
      if (!/^[A-Za-z_][A-Za-z0-9_-]{0,63}$/.test(child))
        return wrong(
          'bad-name',
          `"${child.slice(0, 64)}" is not a process name; expected a letter or _, then up to 63 letters, digits, _ or -`,
          call,
        );
      if (child === MAIN_PROCESS)
        return wrong(
          'duplicate-name',
          `"${MAIN_PROCESS}" is the process that every run starts with; use another name`,
          call,
        );
      return { kind: call, child };
    }
    case 'exit':
    case 'exec':
      return { kind: call };
    case 'ksmScan':
      return { kind: 'ksm-scan' };
    case 'unplug':
    case 'replug': {
      const device = place(context, call, data[call]);
      return device === null ? null : { kind: call, device };
    }
    case 'kernelAllocation':
    case 'pressure':
    case 'memoryLimit': {
      const bytes = parseBytes(data[call] ?? '');
      if (!bytes.ok) return wrong('wrong-value', bytes.error, call);
      if (bytes.value < PAGE_BYTES || bytes.value > MAX_OBJECT_BYTES)
        return wrong('limit', `${bytes.value} bytes; expected 4 KiB to 2^47 bytes`, call);
      const kind = call === 'kernelAllocation' ? 'kernel-allocation' : call === 'pressure' ? call : 'memory-limit';
      return { kind, bytes: bytes.value };
    }
    case 'migration':
      return { kind: call, enabled: data.migration === true || data.migration === 'on' };
    default:
      return unreachable(call);
  }
}
