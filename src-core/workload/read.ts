/** A workload file → plain data with every name and range resolved, or one refusal that names all that is wrong. */
import { parseBytes, formatCount } from '../base/units';
import type { SystemChoice } from '../model/memory-system';
import { GRANULARITIES, type Granularity, POLICY_KINDS } from '../model/scenario';
import { phaseCost } from './cost';
import { readDocument } from './document';
import { MAX_OBJECT_BYTES } from './limits';
import { formatPath, type Path, type Position, type Problem, refuseProblems } from './problems';
import { resolveExpectations } from './resolve-expect';
import { checkViews, resolveObjects } from './resolve-objects';
import { resolvePhases } from './resolve-phases';
import { type WorkloadData, workloadSchema } from './schema';
import { Views } from './views';
import type { PolicyRequest, Workload } from './workload';

/** Reads YAML or JSON. Throws Refusal; its details name file, line, column, path and what was expected. */
export function loadWorkload(text: string, fileName: string): Workload {
  const document = readDocument(text, fileName);
  const problems: Problem[] = [];
  const data = checkShape(document.data, problems);
  const workload = data && resolve(data, text, fileName, problems);
  if (problems.length > 0 || !workload) return refuseProblems(fileName, withoutEchoes(problems), document.place);
  return workload;
}

/** Line and column of a path in a workload's text: for problems that are found later, such as an unknown policy id. */
export function placeInWorkload(
  workload: Workload,
  path: Path,
): Position & { readonly file: string; readonly path: string } {
  const { data, place } = readDocument(workload.text, workload.file);
  return { file: workload.file, ...place(path, false), path: formatPath(existing(data, path)) };
}

/** The path as far as the file has it: `system.id` is `system` where the file says `system: hmm`. */
function existing(data: unknown, path: Path): Path {
  let at = data;
  const missing = path.findIndex((part) => {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, part)) return true;
    at = (at as Record<string | number, unknown>)[part];
    return false;
  });
  return missing < 0 ? path : path.slice(0, missing);
}

/** A misspelt key explains why the right one is missing: that is said once. */
function withoutEchoes(problems: readonly Problem[]): Problem[] {
  const misspelt = problems.filter((problem) => problem.kind === 'unknown-key');
  const explained = new Set(misspelt.map((problem) => formatPath(problem.path.slice(0, -1))));
  return problems.filter((problem) => problem.kind !== 'missing-key' || !explained.has(formatPath(problem.path)));
}

/** Null where the shape is too wrong to go on. Unknown keys alone are no reason to hide what else is wrong. */
function checkShape(data: unknown, problems: Problem[]): WorkloadData | null {
  const parsed = workloadSchema.safeParse(data);
  if (parsed.success) return parsed.data;
  const seen = new Set<string>();
  let onlyKeys = true;
  for (const issue of parsed.error.issues) {
    const path = issue.path.filter((part) => typeof part !== 'symbol');
    const unknown = issue.code === 'unrecognized_keys' ? issue.keys : [];
    const messages = issue.message.split('\n');
    for (const [index, key] of unknown.entries())
      problems.push({
        kind: 'unknown-key',
        message: messages[index] ?? issue.message,
        path: [...path, key],
        atKey: true,
      });
    if (unknown.length > 0) continue;
    onlyKeys = false;
    const where = formatPath(path);
    if (!seen.has(where)) problems.push({ kind: 'wrong-value', message: issue.message, path });
    seen.add(where);
  }
  if (!onlyKeys) return null;
  const stripped = workloadSchema.safeParse(
    without(data, new Set(problems.map((problem) => formatPath(problem.path)))),
  );
  return stripped.success ? stripped.data : null;
}

/** A copy of the data without the given paths. */
function without(data: unknown, paths: ReadonlySet<string>, here: Path = []): unknown {
  if (Array.isArray(data)) return data.map((item: unknown, index) => without(item, paths, [...here, index]));
  if (typeof data !== 'object' || data === null) return data;
  const kept = Object.entries(data).filter(([key]) => !paths.has(formatPath([...here, key])));
  return Object.fromEntries(kept.map(([key, value]) => [key, without(value, paths, [...here, key])]));
}

function resolve(data: WorkloadData, text: string, file: string, problems: Problem[]): Workload {
  const size = (value: string | undefined, key: string): number | undefined => {
    if (value === undefined) return undefined;
    const parsed = parseBytes(value);
    if (!parsed.ok) problems.push({ kind: 'wrong-value', message: parsed.error, path: [key] });
    else if (parsed.value < 1 || parsed.value > MAX_OBJECT_BYTES)
      problems.push({
        kind: 'limit',
        message: `${formatCount(parsed.value)} bytes; expected 1 B to 2^47 bytes`,
        path: [key],
      });
    return parsed.ok ? parsed.value : undefined;
  };
  const deviceMemoryBytes = size(data.deviceMemory, 'deviceMemory');
  const granularityBytes = size(data.granularity, 'granularity');
  const granularity = GRANULARITIES.find((known) => known === granularityBytes);
  if (granularityBytes !== undefined && granularity === undefined)
    problems.push({
      kind: 'wrong-value',
      message: `is ${data.granularity ?? ''}; expected 4KiB, 64KiB or 2MiB`,
      path: ['granularity'],
    });

  const objects = resolveObjects(data.objects, problems);
  const indexOf = new Map([...objects.keys()].map((name, index) => [name, index]));
  const views = new Views(objects.size);
  const phases = resolvePhases(data.phases, { objects, indexOf, problems, views });
  const mains = [...objects.values()];
  // Views copy their originals: with one of those missing the file is refused anyway.
  const ofProcesses = mains.includes(null) ? [] : views.objects(mains.filter((object) => object !== null));
  const all = [...mains.filter((object) => object !== null), ...ofProcesses];
  if (ofProcesses.length > 0) checkViews(all, problems);
  const named = new Map([...objects, ...ofProcesses.map((object) => [object.name, object] as const)]);
  const expect = resolveExpectations(data.expect, named, problems);
  return {
    file,
    text,
    name: data.name,
    about: data.about.trim(),
    seed: data.seed,
    policies: policyRequests(data),
    objects: all,
    phases,
    expect,
    accesses: phases.reduce((sum, phase) => sum + phaseCost(phase).accesses, 0),
    ...optional({
      machine: data.machine,
      deviceMemoryBytes,
      granularity,
      system: systemChoice(data),
      usefulBytes: data.usefulBytes,
      changes: data.changes,
    }),
  };
}

interface Optional {
  readonly machine: string | undefined;
  readonly deviceMemoryBytes: number | undefined;
  readonly granularity: Granularity | undefined;
  readonly system: SystemChoice | undefined;
  readonly usefulBytes: boolean | undefined;
  readonly changes: readonly string[] | undefined;
}

/** Only the keys that the file gives: an absent one leaves the choice to the session. */
const optional = (values: Optional) => ({
  ...(values.machine !== undefined && { machine: values.machine }),
  ...(values.deviceMemoryBytes !== undefined && { deviceMemoryBytes: values.deviceMemoryBytes }),
  ...(values.granularity !== undefined && { granularity: values.granularity }),
  ...(values.system !== undefined && { system: values.system }),
  ...(values.usefulBytes !== undefined && { usefulBytes: values.usefulBytes }),
  ...(values.changes !== undefined && { changes: values.changes }),
});

/** Whether there is such a system is for the session to say, as with policies. */
function systemChoice({ system }: WorkloadData): SystemChoice | undefined {
  if (system === undefined) return undefined;
  const { id, ...params } = typeof system === 'string' ? { id: system } : system;
  return { id, params };
}

function policyRequests(data: WorkloadData): PolicyRequest[] {
  const requests: PolicyRequest[] = [];
  for (const kind of POLICY_KINDS) {
    const given = data.policies?.[kind];
    if (given === undefined) continue;
    if (typeof given === 'string') requests.push({ kind, id: given, params: {} });
    else {
      const { id, ...params } = given;
      requests.push({ kind, id, params });
    }
  }
  return requests;
}
