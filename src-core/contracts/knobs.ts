/** Knobs of a memory system, and on which machines and under which other values they do nothing. */
import type { Knob, KnobCondition, PlatformFact } from '../model/knob';
import type { MachineSpec } from '../model/machine';
import type { ParamDescription } from '../model/param';
import type { SystemEntry } from './memory-system';
import { describeParams, type ParamValues } from './params';

/** A parameter that is a knob of a real driver or kernel, or a what-if beside them. */
export type KnobParam = ParamDescription & { readonly knob: Knob };

export const knobParams = (entry: Pick<SystemEntry, 'schema'>): readonly KnobParam[] =>
  describeParams(entry.schema).filter((param): param is KnobParam => param.knob !== undefined);

const PAGE_4K = 4096;

/**
 * What a machine is, as far as knobs ask. Where the CPU of a real machine maps device memory, the two share page tables; a
 * machine that only counts is none in particular.
 */
export function platformFacts(
  machine: Pick<MachineSpec, 'timing' | 'hostMapsDevice' | 'hostPage'>,
  devices: number,
): ReadonlySet<PlatformFact> {
  const facts = new Set<PlatformFact>();
  if (machine.timing === null) facts.add('counts-only');
  for (const fact of machine.timing !== null && machine.hostMapsDevice.value
    ? (['ats', 'numa-device'] as const)
    : (['no-ats', 'no-cpu-link'] as const))
    facts.add(fact);
  facts.add((machine.hostPage?.value ?? PAGE_4K) === PAGE_4K ? 'pages-4k' : 'pages-64k');
  if (devices <= 1) facts.add('one-device');
  return facts;
}

/** Why the knob does nothing with these values on this platform, in words; null: it may matter. */
export function whyWithoutEffect(knob: Knob, params: ParamValues, facts: ReadonlySet<PlatformFact>): string | null {
  const holds = (condition: KnobCondition): boolean => {
    if ('fact' in condition) return facts.has(condition.fact);
    const value = params[condition.param];
    return 'is' in condition ? value === condition.is : value !== condition.isNot;
  };
  return knob.noEffect?.find(({ when }) => when.every(holds))?.why ?? null;
}
