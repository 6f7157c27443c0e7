/** Policies by the titles that the menus have, knobs by their names. Pure. */
import type { MarkAnswer } from '../../src-core/model/timeline';
import type { Description, PolicyDescription } from '../../src-core/protocol/answers';

/** The first change under the name that the driver has for it, and how many more there are. */
function knobTitle([first, ...more]: readonly string[], { title, params }: Description['systems'][number]): string {
  if (first === undefined) return `Knobs: ${title}`;
  const [name = '', value = ''] = first.split('=');
  const real = params.find((param) => param.name === name)?.knob?.name ?? name;
  return `${real}=${value}${more.length > 0 ? ` and ${more.length} more` : ''}`;
}

/**
 * `migration=first-touch-stay-remote` → `Migration: First touch, then remote`, `system=nvidia-uvm` → the knob that was changed,
 * `uvm_perf_prefetch_threshold=75`; unknown ids stay as they are.
 */
export function policyTitle(
  { label, values = [] }: Pick<MarkAnswer, 'label' | 'values'>,
  policies: readonly PolicyDescription[],
  systems: Description['systems'] = [],
): string {
  const [kind, id] = label.split('=');
  const system = kind === 'system' ? systems.find((one) => one.id === id) : undefined;
  if (system) return knobTitle(values, system);
  const known = policies.find((one) => one.kind === kind && one.id === id);
  return known ? `${known.kind.charAt(0).toUpperCase()}${known.kind.slice(1)}: ${known.title}` : label;
}
