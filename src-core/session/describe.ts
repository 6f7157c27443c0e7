/** What exists, for clients: everything follows from the registries. */
import { z } from 'zod';
import type { Example } from '../contracts/platform';
import type { PolicyEntry } from '../contracts/policy';
import { importers } from '../importers';
import type { Knob } from '../model/knob';
import { GRANULARITIES } from '../model/scenario';
import { memorySystems } from '../policies/systems';
import { policies } from '../policies';
import { machines } from '../presets';
import { PROTOCOL, type Description, type ParamDescription, type PolicyDescription } from '../protocol/messages';
import { machineConstants } from '../reports/machine-constants';
import { sections } from '../reports/sections';
import { workloadJsonSchema } from '../workload';
import { ENGINE_VERSION } from './version';

interface JsonField {
  readonly type?: string;
  readonly title?: string;
  readonly description?: string;
  readonly unit?: string;
  readonly step?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly enum?: readonly string[];
  readonly default?: number | string | boolean;
  readonly knob?: Knob;
  readonly live?: true;
}

function describeParam(name: string, field: JsonField): ParamDescription {
  return {
    name,
    title: field.title ?? name,
    help: field.description ?? '',
    type: field.enum ? 'choice' : field.type === 'boolean' ? 'boolean' : 'integer',
    ...(field.unit === undefined ? {} : { unit: field.unit }),
    ...(field.minimum === undefined ? {} : { min: field.minimum }),
    ...(field.maximum === undefined ? {} : { max: field.maximum }),
    ...(field.step === undefined ? {} : { step: field.step }),
    ...(field.enum === undefined ? {} : { values: field.enum }),
    initial: field.default ?? 0,
    ...(field.knob === undefined ? {} : { knob: field.knob }),
    ...(field.live === undefined ? {} : { live: field.live }),
  };
}

function paramsOf(schema: z.ZodObject): readonly ParamDescription[] {
  const { properties } = z.toJSONSchema(schema, { io: 'input' }) as { properties?: Record<string, JsonField> };
  return Object.entries(properties ?? {}).map(([name, field]) => describeParam(name, field));
}

function describePolicy(entry: PolicyEntry): PolicyDescription {
  const { kind, id, title, summary, source, needsFuture } = entry;
  return { kind, id, title, summary, source, needsFuture, params: paramsOf(entry.schema) };
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
    systems: memorySystems.map(({ id, letter, title, summary, source, schema }) => ({
      id,
      letter,
      title,
      summary,
      source,
      params: paramsOf(schema),
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
