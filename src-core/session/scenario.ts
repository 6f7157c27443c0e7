/** From what the file says and what the user overrides to the one ScenarioSpec that decides a run. */
import { formatBytes, formatCount, KIB, MAX_ADDRESS, MIB } from '../base/units';
import { knobParams } from '../contracts/knobs';
import type { Finding } from '../model/finding';
import type { SystemChoice } from '../model/memory-system';
import type { MachineSpec } from '../model/machine';
import { Refusal } from '../model/refusal';
import {
  GRANULARITIES,
  POLICY_KINDS,
  type Granularity,
  type PolicyChange,
  type PolicyChoice,
  type PolicyKind,
  type RunChange,
  type ScenarioSpec,
  type SystemChange,
} from '../model/scenario';
import { findPolicy, policies } from '../policies';
import { machines } from '../presets';
import { PAGE_BYTES } from '../kernel/page';
import type { RunOptions, SystemWish } from '../protocol/parameters';
import { parseChange } from './run-flags';
import { defaultSystem, findSystem, systemNamed } from './systems';

/** Where nothing else is said: the machine that only counts. */
export const DEFAULT_MACHINE = 'r0';
const DEFAULT_GRANULARITY: Granularity = 65536;

/** Granules of a run: about 32 bytes of state each, so 2 GiB at most. */
export const MAX_GRANULES = 2 ** 26;

/** Refuses a space that the engine could not hold. */
export function checkSpace(bytes: number, granularity: number): void {
  const granules = Math.ceil(bytes / granularity);
  if (granules <= MAX_GRANULES) return;
  throw new Refusal(
    `${formatBytes(bytes)} in granules of ${formatBytes(granularity)} are ${formatCount(granules)} granules; the maximum is ${formatCount(MAX_GRANULES)}. Choose a larger --granularity, or smaller objects`,
  );
}

/** What the opened file says; everything optional. */
export interface FileWishes {
  /** Where a key of the file stands, for messages. */
  readonly place?: (path: readonly (string | number)[]) => Finding['place'];
  readonly machine?: string | undefined;
  readonly deviceMemoryBytes?: number | undefined;
  readonly granularity?: number | undefined;
  readonly seed?: number | undefined;
  readonly policies?:
    readonly { readonly kind: PolicyKind; readonly id: string; readonly params?: PolicyChoice['params'] }[] | undefined;
  readonly changes?: readonly string[] | undefined;
  readonly usefulBytes?: boolean | undefined;
  readonly system?: SystemWish | undefined;
}

/** Checks a choice against the registry and fills in its parameters. */
export function resolvePolicy(wish: {
  readonly kind: PolicyKind;
  readonly id: string;
  readonly params?: PolicyChoice['params'];
}): PolicyChoice {
  const entry = findPolicy(wish.kind, wish.id);
  if (!entry) {
    const known = policies.filter((each) => each.kind === wish.kind).map((each) => each.id);
    throw new Refusal(`there is no ${wish.kind} policy "${wish.id}"; expected one of ${known.join(', ')}`);
  }
  const params = entry.parse(wish.params ?? {});
  if (!params.ok) throw new Refusal(params.error);
  return { kind: wish.kind, id: wish.id, params: params.value };
}

/** Checks a memory system against the registry and fills in its parameters; undefined = the ideal one. */
export function resolveSystem(wish: SystemWish | undefined): SystemChoice | undefined {
  if (!wish) return undefined;
  const entry = systemNamed(wish.id);
  const params = entry.parse(wish.params ?? {});
  if (!params.ok) throw new Refusal(params.error);
  return entry === defaultSystem ? undefined : { id: entry.id, params: params.value };
}

/**
 * Checks parameters that are to change during the run: of the run's own system, known, in range and live. Returns the named
 * ones only, as the system's parser gives them.
 * @param system as it is at that moment
 */
export function resolveSystemChange(
  wish: { readonly id: string; readonly params: SystemChoice['params'] },
  system: SystemChoice | undefined,
): SystemChange {
  const id = system?.id ?? defaultSystem.id;
  const asked = findSystem(wish.id)?.id ?? wish.id;
  const names = Object.keys(wish.params);
  const flags = names.map((name) => `,${name}=${String(wish.params[name])}`).join('');
  if (asked !== id)
    throw new Refusal(
      `this run has the memory system "${id}", which cannot be replaced by "${asked}" during the run; change parameters of "${id}", or restart with --system ${asked}${flags}`,
    );
  const entry = systemNamed(id);
  if (names.length === 0)
    throw new Refusal(`a change of the memory system "${id}" has no parameter; write system=${id},name=value`);
  const fixed = names.filter((name) => entry.schema.shape[name] !== undefined && !entry.live.has(name));
  const why = (name: string): string => {
    const reason = knobParams(entry).find((param) => param.name === name)?.knob.fixed;
    return reason === undefined ? `"${name}"` : `"${name}" (${reason})`;
  };
  if (fixed.length > 0)
    throw new Refusal(
      `memory system "${id}": ${fixed.map(why).join(', ')} cannot change during the run (these can: ${[...entry.live].join(', ') || 'none'}); restart with --system ${id}${flags}`,
    );
  const params = entry.parse({ ...system?.params, ...wish.params });
  if (!params.ok) throw new Refusal(params.error);
  return { kind: 'system', id, params: Object.fromEntries(names.map((name) => [name, params.value[name]!])) };
}

/** A policy, or parameters of the run's memory system. */
const resolveChange = (change: RunChange, system: SystemChoice | undefined): RunChange =>
  change.kind === 'system' ? resolveSystemChange(change, system) : resolvePolicy(change);

/** Most pages of a run on the Linux model. Its columns take about 90 bytes per page, so this is 64 GiB in less than 2 GB. */
export const MAX_LINUX_PAGES = 2 ** 24;

/** Refuses a space that the chosen system could not hold. */
export function checkSystemSpace(bytes: number, system: SystemChoice | undefined): void {
  const pages = Math.ceil(bytes / PAGE_BYTES);
  if (!system || pages <= MAX_LINUX_PAGES) return;
  throw new Refusal(
    `${formatBytes(bytes)} are ${formatCount(pages)} pages; the memory system "${system.id}" works on single pages and supports at most ${formatCount(MAX_LINUX_PAGES)} (64GiB). Use smaller objects, or system ideal`,
  );
}

export function findMachine(id: string): MachineSpec {
  const found = machines.find((machine) => machine.id === id);
  if (found) return found;
  throw new Refusal(
    `there is no machine preset "${id}"; expected one of ${machines.map((machine) => machine.id).join(', ')}, or a machine file (JSON)`,
  );
}

function defaultPolicy(kind: PolicyKind): string {
  return policies.find((entry) => entry.kind === kind)?.id ?? '';
}

/** Adds the place in the file to a refusal of what stands there. */
function located<T>(file: Pick<FileWishes, 'place'>, path: readonly (string | number)[], work: () => T): T {
  try {
    return work();
  } catch (cause) {
    const place = cause instanceof Refusal ? file.place?.(path) : undefined;
    if (!(cause instanceof Refusal) || !place) throw cause;
    const where = `${place.file ?? ''}:${place.line ?? 0}:${place.column ?? 0}`;
    throw new Refusal(`${where}: ${place.path ?? ''}: ${cause.message}`, [
      { kind: 'workload-value', severity: 'error', message: cause.message, count: 1, place },
    ]);
  }
}

export function resolveScenario(file: FileWishes, options: RunOptions, machine: MachineSpec): ScenarioSpec {
  const granularity = options.granularity ?? file.granularity ?? DEFAULT_GRANULARITY;
  if (!(GRANULARITIES as readonly number[]).includes(granularity))
    throw new Refusal(
      `granularity ${granularity} is not supported; expected ${4 * KIB} (4KiB), ${64 * KIB} (64KiB) or ${2 * MIB} (2MiB)`,
    );
  const deviceMemoryBytes = options.deviceMemoryBytes ?? file.deviceMemoryBytes ?? machine.deviceMemory.value;
  if (!Number.isSafeInteger(deviceMemoryBytes) || deviceMemoryBytes > MAX_ADDRESS)
    throw new Refusal(`device memory of ${deviceMemoryBytes} bytes is beyond the limit of 2^47 bytes (128TiB)`);
  if (deviceMemoryBytes < granularity)
    throw new Refusal(
      `device memory of ${formatCount(deviceMemoryBytes)} bytes is less than one granule of ${formatCount(granularity)} bytes; use more memory or a smaller granularity`,
    );
  const seed = options.seed ?? file.seed ?? 1;
  if (!Number.isSafeInteger(seed) || seed < 0)
    throw new Refusal(`seed ${seed} is not a whole number from 0 to 2^53 − 1`);
  const chosen = POLICY_KINDS.map((kind) => {
    const wish =
      options.policies?.filter((each) => each.kind === kind).at(-1) ??
      file.policies?.find((each) => each.kind === kind);
    const fromFile = wish !== undefined && file.policies?.includes(wish) === true;
    return located(fromFile ? file : {}, ['policies', kind], () =>
      resolvePolicy(wish ?? { kind, id: defaultPolicy(kind) }),
    );
  });
  const filed = options.system ? {} : file;
  const wish = options.system ?? file.system;
  if (wish) located(filed, ['system', 'id'], () => systemNamed(wish.id));
  const system = located(filed, ['system'], () => resolveSystem(wish));
  const changes: PolicyChange[] = [];
  file.changes?.forEach((text, index) => {
    changes.push(
      located(file, ['changes', index], () => {
        const change = parseChange(text);
        if (!change.ok) throw new Refusal(change.error);
        resolveChange(change.value.policy, system);
        return change.value;
      }),
    );
  });
  changes.push(...(options.changes ?? []));
  return {
    machine: machine.id,
    deviceMemoryBytes,
    granularity: granularity as Granularity,
    seed,
    policies: chosen,
    changes: changes.map((change) => ({ moment: change.moment, policy: resolveChange(change.policy, system) })),
    ...(system ? { system } : {}),
    usefulBytes: options.usefulBytes ?? file.usefulBytes ?? true,
  };
}
