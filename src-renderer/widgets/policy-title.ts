/** Policies and memory systems by the titles that the menus have. Pure. */
import type { Description, PolicyDescription } from '../../src-core/protocol/messages';

/**
 * `migration=first-touch-stay-remote` → `Migration: First touch, then remote`, `system=hmm` → `Knobs: HMM on …`; unknown ids
 * stay as they are.
 */
export function policyTitle(
  label: string,
  policies: readonly PolicyDescription[],
  systems: Description['systems'] = [],
): string {
  const [kind, id] = label.split('=');
  const system = kind === 'system' ? systems.find((one) => one.id === id) : undefined;
  if (system) return `Knobs: ${system.title}`;
  const known = policies.find((one) => one.kind === kind && one.id === id);
  return known ? `${known.kind.charAt(0).toUpperCase()}${known.kind.slice(1)}: ${known.title}` : label;
}
