/** What the policy form shows, from the descriptions, the policies in force and those that wait. Pure. */
import type { PolicyChoice, PolicyKind, RunChange } from '../../../src-core/model/scenario';
import type { ParamDescription } from '../../../src-core/model/param';
import type { PolicyDescription, RunState } from '../../../src-core/protocol/answers';

export type ParamValue = number | string | boolean;
export type ParamValues = Readonly<Record<string, ParamValue>>;

export const KIND_TITLES: Readonly<Record<PolicyKind, string>> = {
  migration: 'Migration',
  prefetch: 'Prefetch',
  eviction: 'Eviction',
};

/** What was asked for last: a waiting change if there is one, else what is in force. */
export function currentChoice(
  kind: PolicyKind,
  inForce: readonly PolicyChoice[],
  pending: readonly RunChange[],
): PolicyChoice | null {
  const isOfKind = (choice: RunChange): choice is PolicyChoice => choice.kind === kind;
  return [...inForce, ...pending].filter(isOfKind).at(-1) ?? null;
}

export const initialParams = (policy: PolicyDescription): ParamValues =>
  Object.fromEntries(policy.params.map((param) => [param.name, param.initial]));

/** All parameters of a policy: those chosen, and the initial value of the others. */
export const filledParams = (policy: PolicyDescription, chosen: ParamValues): ParamValues => ({
  ...initialParams(policy),
  ...chosen,
});

/** A number as typed, held to the declared range and step; null when it is no number. */
export function readNumber(text: string, param: ParamDescription): number | null {
  const value = text.trim() === '' ? NaN : Number(text);
  if (!Number.isFinite(value)) return null;
  const min = param.min ?? -Infinity;
  const max = param.max ?? Infinity;
  return Math.min(max, Math.max(min, Math.round(value)));
}

/** What decides whether a policy can be picked now. */
export interface Situation {
  readonly state: RunState;
  readonly kind: 'workload' | 'trace' | 'recording';
  /** This page can open the same input again. */
  readonly canOpenAgain: boolean;
}

/** Why a policy cannot be picked now, in words; null: it can. */
export function whyNot(policy: PolicyDescription, { state, kind, canOpenAgain }: Situation): string | null {
  if (kind === 'recording') return 'Policies of a recording cannot be changed.';
  if (!policy.needsFuture || (state === 'ready' && canOpenAgain)) return null;
  const needs = `${policy.title} needs to know future accesses, so you can choose it only before a run starts`;
  return state === 'ready' ? `${needs}. Open the file with the Open menu first.` : `${needs}. Restart first.`;
}
