/**
 * The one-line spellings of policy choices and scheduled changes, shared by CLI flags and the `changes:` strings of
 * workload files. Syntax only: whether a policy or a parameter exists is for the registry to say.
 *
 *   KIND=ID[,param=value…]            prefetch=tree,threshold=75
 *   MOMENT:KIND=ID[,param=value…]     3ms:prefetch=none   access:5000:…   batch:12:…   phase:solve[3]:…
 *   MOMENT:system=ID,param=value…     batch:12:system=hmm,thp=always
 */
import { err, ok, type Result } from '../base/result';
import { parseTime, PS_PER_MS, PS_PER_NS, PS_PER_S, PS_PER_US } from '../base/units';
import type { SystemWish } from '../protocol/parameters';
import {
  CHANGE_KINDS,
  POLICY_KINDS,
  type ChangeKind,
  type ChangeMoment,
  type PolicyChange,
  type PolicyChoice,
  type RunChange,
} from '../model/scenario';

type ParamValue = number | string | boolean;

/** `true`/`false` → boolean, a decimal number → number, anything else stays a string. */
function toValue(text: string): ParamValue {
  if (text === 'true' || text === 'false') return text === 'true';
  return /^-?[0-9]+(\.[0-9]+)?$/.test(text) ? Number(text) : text;
}

/** Parses `eviction=belady` or `prefetch=tree,threshold=75`. Parameters that are not named stay out of `params`. */
export const parsePolicyFlag = (text: string): Result<PolicyChoice, string> => parseKindFlag(text, POLICY_KINDS);

function parseKindFlag<K extends ChangeKind>(
  text: string,
  kinds: readonly K[],
): Result<{ readonly kind: K; readonly id: string; readonly params: Readonly<Record<string, ParamValue>> }, string> {
  const [head = '', ...rest] = text.split(',');
  const equals = head.indexOf('=');
  const wanted = (equals < 0 ? head : head.slice(0, equals)).trim();
  const kind = kinds.find((each) => each === wanted);
  if (kind === undefined)
    return err(
      `"${text}": "${wanted}" is not a kind of policy; expected one of ${kinds.join(', ')}, such as prefetch=tree`,
    );
  const id = equals < 0 ? '' : head.slice(equals + 1).trim();
  if (id === '')
    return err(
      `"${text}": the ${kind === 'system' ? 'memory system' : 'policy'}'s name is missing; write ${kind}=NAME`,
    );
  const params: Record<string, ParamValue> = {};
  for (const part of rest) {
    const at = part.indexOf('=');
    const name = at < 0 ? '' : part.slice(0, at).trim();
    const value = at < 0 ? '' : part.slice(at + 1).trim();
    if (name === '' || value === '')
      return err(`"${text}": "${part}" is not a parameter; write ${kind}=${id},name=value`);
    if (Object.hasOwn(params, name)) return err(`"${text}": parameter "${name}" is given twice; keep one`);
    params[name] = toValue(value);
  }
  return ok({ kind, id, params });
}

/** A whole number of at least `least`, exact in a double. */
function parseCount(text: string, what: string, least: number): Result<number, string> {
  const value = /^[0-9]+$/.test(text) ? Number(text) : NaN;
  if (Number.isSafeInteger(value) && value >= least) return ok(value);
  return err(`"${text}" is not ${what}; expected a whole number from ${least}`);
}

/** Parses `3ms`, `access:N`, `batch:N`, `phase:NAME` (its first iteration) or `phase:NAME[k]`. */
export function parseMoment(text: string): Result<ChangeMoment, string> {
  const colon = text.indexOf(':');
  if (colon < 0) {
    const time = parseTime(text);
    if (time.ok) return ok({ at: 'time', timePs: time.value });
    return err(`${time.error} (or access:N, batch:N, phase:NAME[k])`);
  }
  const unit = text.slice(0, colon).trim();
  const rest = text.slice(colon + 1).trim();
  if (unit === 'access') {
    const access = parseCount(rest, 'an access number', 0);
    return access.ok ? ok({ at: 'access', access: access.value }) : access;
  }
  if (unit === 'batch') {
    const batch = parseCount(rest, 'a fault batch', 1);
    return batch.ok ? ok({ at: 'batch', batch: batch.value }) : batch;
  }
  if (unit !== 'phase')
    return err(`"${text}": "${unit}" is not a moment; expected a time such as 3ms, access:N, batch:N or phase:NAME[k]`);
  const match = /^(.+?)(?:\[([^\]]*)\])?$/.exec(rest);
  if (!match?.[1]) return err(`"${text}": the phase's name is missing; write phase:NAME or phase:NAME[k]`);
  const iteration =
    match[2] === undefined ? ok(1) : parseCount(match[2].trim(), `an iteration of phase "${match[1]}"`, 1);
  return iteration.ok ? ok({ at: 'phase', phase: match[1], iteration: iteration.value }) : iteration;
}

/**
 * Parses a scheduled change: a moment, a colon and a policy, such as `phase:solve[3]:prefetch=tree,threshold=75`, or
 * parameters of the memory system, `batch:12:system=hmm,thp=always`.
 */
export function parseChange(text: string): Result<PolicyChange, string> {
  // The policy starts after the first colon that is followed by `word=`; a phase's name may hold colons of its own.
  const match = /^(.+?):\s*([A-Za-z-]+\s*=.*)$/.exec(text.trim());
  if (!match?.[1] || !match[2])
    return err(
      `"${text}" is not a change; expected MOMENT:KIND=NAME, such as 3ms:prefetch=none or batch:12:eviction=random`,
    );
  const moment = parseMoment(match[1].trim());
  if (!moment.ok) return err(`"${text}": ${moment.error}`);
  const flag = parseKindFlag(match[2], CHANGE_KINDS);
  if (!flag.ok) return err(`"${text}": ${flag.error}`);
  const { kind, id, params } = flag.value;
  // Whether there is such a system, and whether the run has it, is for the scenario to say.
  const policy: RunChange = { kind, id, params };
  return ok({ moment: moment.value, policy });
}

/** Parses `hmm` or `hmm,thp=always,contents=true`. */
export function parseSystemFlag(text: string): Result<SystemWish, string> {
  const [head = '', ...rest] = text.split(',');
  const id = head.trim();
  if (id === '') return err(`"${text}": the memory system's name is missing; write hmm or hmm,thp=always`);
  const params: Record<string, ParamValue> = {};
  for (const part of rest) {
    const at = part.indexOf('=');
    const name = at < 0 ? '' : part.slice(0, at).trim();
    const value = at < 0 ? '' : part.slice(at + 1).trim();
    if (name === '' || value === '') return err(`"${text}": "${part}" is not a parameter; write ${id},name=value`);
    if (Object.hasOwn(params, name)) return err(`"${text}": parameter "${name}" is given twice; keep one`);
    params[name] = toValue(value);
  }
  return ok({ id, params });
}

/**
 * Parses a list of systems to compare: `hmm,coherent,copy`. Parameters follow a colon: `hmm:thp=always:profile=612,copy`.
 */
export function parseSystemList(text: string): Result<readonly SystemWish[], string> {
  const wishes: SystemWish[] = [];
  for (const part of text.split(',')) {
    const [head = ''] = part.split(':');
    if (head.includes('=')) return err(`"${part.trim()}": a parameter belongs to its system: write hmm:${part.trim()}`);
    const wish = parseSystemFlag(part.trim().replaceAll(':', ','));
    if (!wish.ok) return wish;
    wishes.push(wish.value);
  }
  return ok(wishes);
}

/** The flag that parseSystemFlag reads back to the same system. */
export function formatSystemFlag(system: SystemWish): string {
  return [system.id, ...Object.entries(system.params ?? {}).map(([name, value]) => `${name}=${String(value)}`)].join(
    ',',
  );
}

/** The flag that parsePolicyFlag, or the second half of parseChange, reads back to the same choice. */
export function formatPolicyFlag(policy: RunChange): string {
  const params = Object.entries(policy.params).map(([name, value]) => `,${name}=${String(value)}`);
  return `${policy.kind}=${policy.id}${params.join('')}`;
}

/** The largest unit in which the instant is a whole number: 3000000000 → `3ms`. */
function formatMoment(ps: number): string {
  for (const [unit, factor] of [
    ['s', PS_PER_S],
    ['ms', PS_PER_MS],
    ['us', PS_PER_US],
    ['ns', PS_PER_NS],
  ] as const)
    if (ps > 0 && ps % factor === 0) return `${ps / factor}${unit}`;
  return `${ps}ps`;
}

/** The string that parseChange reads back to the same change. */
export function formatChange(change: PolicyChange): string {
  const { moment } = change;
  const when =
    moment.at === 'time'
      ? formatMoment(moment.timePs)
      : moment.at === 'phase'
        ? `phase:${moment.phase}[${moment.iteration}]`
        : moment.at === 'access'
          ? `access:${moment.access}`
          : `batch:${moment.batch}`;
  return `${when}:${formatPolicyFlag(change.policy)}`;
}
