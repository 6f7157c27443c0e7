/** Knobs of memory systems for clients: how they stand, as configuration files, and from such files. */
import { knobParams, platformFacts, whyWithoutEffect } from '../contracts/knobs';
import { exportKnobs, importKnobs, type ImportedKnobs } from '../exporters/knobs';
import type { MachineSpec } from '../model/machine';
import type { SystemChoice } from '../model/memory-system';
import { memorySystems } from '../systems';
import type { UnknownKnob } from '../protocol/answers';
import type { Params, ResultOf } from '../protocol/methods';
import type { SystemWish } from '../protocol/parameters';
import { DEFAULT_MACHINE, findMachine, resolveSystem } from './scenario';
import { defaultSystem, systemNamed } from './systems';

/** The current run, as far as its knobs are asked for. */
export interface KnobsOfRun {
  readonly machine: MachineSpec;
  readonly devices: number;
  /** With its parameters in force; null = the ideal one. */
  readonly system: SystemChoice | null;
}

function chosen(wish: SystemWish | undefined, run: KnobsOfRun | null): SystemChoice {
  const system = wish ? resolveSystem(wish) : (run?.system ?? undefined);
  return system ?? { id: defaultSystem.id, params: {} };
}

export function knobsOf(params: Params<'session.knobs'>, run: KnobsOfRun | null): ResultOf<'session.knobs'> {
  const system = chosen(params.system, run);
  const machine =
    params.machine === undefined ? (run?.machine ?? findMachine(DEFAULT_MACHINE)) : findMachine(params.machine);
  const facts = platformFacts(machine, run?.devices ?? 1);
  const rows = knobParams(systemNamed(system.id)).map((param) => ({
    param,
    value: system.params[param.name] ?? param.initial,
    withoutEffect: whyWithoutEffect(param.knob, system.params, facts),
  }));
  return { system, machine: machine.id, rows };
}

export function exportedKnobs(
  { system: wish, all }: Params<'session.exportKnobs'>,
  run: KnobsOfRun | null,
): ResultOf<'session.exportKnobs'> {
  const system = chosen(wish, run);
  return { system, ...exportKnobs(systemNamed(system.id), system.params, all) };
}

export function importedKnobs(
  { files, system }: Params<'session.importKnobs'>,
  run: KnobsOfRun | null,
): ResultOf<'session.importKnobs'> {
  const every = memorySystems.map((entry) => ({ entry, read: importKnobs(files, entry) }));
  const named = system ?? run?.system?.id;
  const { entry, read } =
    named === undefined
      ? every.reduce((best, each) => (each.read.unknown.length < best.read.unknown.length ? each : best))
      : every.find((each) => each.entry === systemNamed(named))!;
  const unknown = read.unknown.map((each): UnknownKnob => {
    const isUnknownTo = (other: ImportedKnobs): boolean =>
      other.unknown.some(
        ({ name, place }) => name === each.name && place.line === each.place.line && place.file === each.place.file,
      );
    return { ...each, knownTo: every.find((other) => !isUnknownTo(other.read))?.entry.id ?? null };
  });
  return { system: entry.id, params: read.params, findings: read.findings, unknown };
}
