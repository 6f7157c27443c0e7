/** From what the file says and what the user overrides to the one ScenarioSpec that decides a run. */
import { formatBytes, KIB, MIB } from '../base/units';
import type { MachineSpec } from '../model/machine';
import { Refusal } from '../model/refusal';
import { GRANULARITIES, POLICY_KINDS, type Granularity, type PolicyChange, type PolicyChoice, type PolicyKind, type ScenarioSpec } from '../model/scenario';
import { findPolicy, policies } from '../policies';
import { machines } from '../presets';
import type { RunOptions } from '../protocol/messages';
import { parseChange } from './run-flags';

/** Where nothing else is said: the machine that only counts. */
export const DEFAULT_MACHINE = 'r0';
const DEFAULT_GRANULARITY: Granularity = 65536;

/** What the opened file says; everything optional. */
export interface FileWishes {
  readonly machine?: string | undefined;
  readonly deviceMemoryBytes?: number | undefined;
  readonly granularity?: number | undefined;
  readonly seed?: number | undefined;
  readonly policies?: readonly { readonly kind: PolicyKind; readonly id: string; readonly params?: PolicyChoice['params'] }[] | undefined;
  readonly changes?: readonly string[] | undefined;
  readonly usefulBytes?: boolean | undefined;
}

/** Checks a choice against the registry and fills in its parameters. */
export function resolvePolicy(wish: { readonly kind: PolicyKind; readonly id: string; readonly params?: PolicyChoice['params'] }): PolicyChoice {
  const entry = findPolicy(wish.kind, wish.id);
  if (!entry) {
    const known = policies.filter((each) => each.kind === wish.kind).map((each) => each.id);
    throw new Refusal(`there is no ${wish.kind} policy "${wish.id}"; expected one of ${known.join(', ')}`);
  }
  const params = entry.parse(wish.params ?? {});
  if (!params.ok) throw new Refusal(params.error);
  return { kind: wish.kind, id: wish.id, params: params.value };
}

export function findMachine(id: string): MachineSpec {
  const found = machines.find((machine) => machine.id === id);
  if (found) return found;
  throw new Refusal(`there is no machine preset "${id}"; expected one of ${machines.map((machine) => machine.id).join(', ')}, or a machine file (JSON)`);
}

function defaultPolicy(kind: PolicyKind): string {
  return policies.find((entry) => entry.kind === kind)?.id ?? '';
}

export function resolveScenario(file: FileWishes, options: RunOptions, machine: MachineSpec): ScenarioSpec {
  const granularity = options.granularity ?? file.granularity ?? DEFAULT_GRANULARITY;
  if (!(GRANULARITIES as readonly number[]).includes(granularity))
    throw new Refusal(`granularity ${granularity} is not offered; expected ${4 * KIB} (4KiB), ${64 * KIB} (64KiB) or ${2 * MIB} (2MiB)`);
  const deviceMemoryBytes = options.deviceMemoryBytes ?? file.deviceMemoryBytes ?? machine.deviceMemory.value;
  if (!Number.isSafeInteger(deviceMemoryBytes) || deviceMemoryBytes < granularity)
    throw new Refusal(`device memory of ${formatBytes(deviceMemoryBytes)} holds no granule of ${formatBytes(granularity)}; give at least that much, or a smaller granularity`);
  const seed = options.seed ?? file.seed ?? 1;
  if (!Number.isSafeInteger(seed) || seed < 0) throw new Refusal(`seed ${seed} is not a whole number from 0 to 2^53 − 1`);
  const chosen = POLICY_KINDS.map((kind) => {
    const wish = options.policies?.filter((each) => each.kind === kind).at(-1) ?? file.policies?.find((each) => each.kind === kind);
    return resolvePolicy(wish ?? { kind, id: defaultPolicy(kind) });
  });
  const changes: PolicyChange[] = [];
  for (const text of file.changes ?? []) {
    const change = parseChange(text);
    if (!change.ok) throw new Refusal(`changes: ${change.error}`);
    changes.push(change.value);
  }
  changes.push(...(options.changes ?? []));
  return {
    machine: machine.id,
    deviceMemoryBytes,
    granularity: granularity as Granularity,
    seed,
    policies: chosen,
    changes: changes.map((change) => ({ moment: change.moment, policy: resolvePolicy(change.policy) })),
    usefulBytes: options.usefulBytes ?? file.usefulBytes ?? true,
  };
}
