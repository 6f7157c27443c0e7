/** The registry of memory systems as the session queries it: by name; old names are accepted. */
import type { MemorySystemEntry } from '../kit/memory-system';
import type { RecordingHeader } from '../model/recording';
import { Refusal } from '../model/refusal';
import { memorySystems } from '../systems';
import { suggest } from '../workload/nearest';

/** The default: the first of the registry. */
export const defaultSystem: MemorySystemEntry = memorySystems[0]!;

export const findSystem = (name: string): MemorySystemEntry | undefined =>
  memorySystems.find(({ id, formerly }) => id === name || formerly?.includes(name) === true);

/** Throws a Refusal with the nearest name where there is no such system. */
export function systemNamed(name: string): MemorySystemEntry {
  const entry = findSystem(name);
  if (entry) return entry;
  const ids = memorySystems.map(({ id }) => id);
  throw new Refusal(
    `there is no memory system "${name.slice(0, 60)}"; ${suggest(name, ids)} (expected one of ${ids.join(', ')})`,
  );
}

/** The header of a recording with the ids of today; the default system is left out, as in headers that are written now. */
export function withCurrentIds(header: RecordingHeader): RecordingHeader {
  const { system, ...scenario } = header.scenario;
  const entry = system && findSystem(system.id);
  if (!system || !entry || entry.id === system.id) return header;
  return {
    ...header,
    scenario: entry === defaultSystem ? scenario : { ...scenario, system: { id: entry.id, params: system.params } },
  };
}
