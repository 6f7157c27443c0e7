/** What runs are made with: the memory system that was chosen, found where it is registered. */
import { assert } from '../base/assert';
import type { CreateMemory } from '../engine/run';
import { defaultSystem, findSystem } from './systems';

/** The default, the ideal system, runs where none was chosen. */
export const createMemory: CreateMemory = (system, machine, kit) => {
  const entry = system ? findSystem(system.id) : defaultSystem;
  assert(entry !== undefined, `a run was given the memory system "${system?.id ?? ''}", which is not registered`);
  return entry.create(system?.params ?? {}, machine, kit);
};
