/** What exists, for clients: everything follows from the registries. */
import type { Example } from '../contracts/platform';
import { describeParams } from '../contracts/params';
import type { PolicyEntry } from '../contracts/policy';
import { importers } from '../importers';
import { GRANULARITIES } from '../model/scenario';
import { memorySystems } from '../systems';
import { policies } from '../policies';
import { machines } from '../presets';
import { PROTOCOL, type Description, type PolicyDescription } from '../protocol/answers';
import { machineConstants } from '../reports/machine-constants';
import { sections } from '../reports/sections';
import { workloadJsonSchema } from '../workload';
import { ENGINE_VERSION } from './version';

function describePolicy(entry: PolicyEntry): PolicyDescription {
  const { kind, id, title, summary, source, needsFuture } = entry;
  return { kind, id, title, summary, source, needsFuture, params: describeParams(entry.schema) };
}

/** @param examples with the title and summary that their files give */
export function describe(
  examples: readonly (Example & { readonly title: string; readonly summary: string })[],
): Description {
  return {
    engineVersion: ENGINE_VERSION,
    protocol: PROTOCOL,
    machines: machines.map((machine) => ({
      id: machine.id,
      title: machine.title,
      summary: machine.summary,
      timed: machine.timing !== null,
      deviceMemoryBytes: machine.deviceMemory.value,
      constants: machineConstants(machine),
    })),
    policies: policies.map(describePolicy),
    systems: memorySystems.map(({ id, letter, title, summary, source, schema, followsPolicies }) => ({
      id,
      letter,
      title,
      summary,
      source,
      followsPolicies: followsPolicies === true,
      params: describeParams(schema),
    })),
    importers: importers.map(({ id, title, summary, extensions, auxiliary }) => ({
      id,
      title,
      summary,
      extensions,
      auxiliary,
    })),
    examples: examples.map(({ id, title, summary }) => ({ id, title, summary })),
    reportSections: sections.map(({ id, title }) => ({ id, title })),
    granularities: GRANULARITIES,
    workloadSchema: workloadJsonSchema(),
  };
}
