/** Policies by the titles that the policy menu has. Pure. */
import type { PolicyDescription } from '../../src-core/protocol/messages';

/** `migration=first-touch-stay-remote` → `Migration: First touch, then remote`; unknown ids stay as they are. */
export function policyTitle(label: string, policies: readonly PolicyDescription[]): string {
  const [kind, id] = label.split('=');
  const known = policies.find((one) => one.kind === kind && one.id === id);
  return known ? `${known.kind.charAt(0).toUpperCase()}${known.kind.slice(1)}: ${known.title}` : label;
}
