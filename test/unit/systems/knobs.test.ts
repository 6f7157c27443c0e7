import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { KNOB_PLACES, PLATFORM_FACTS, type Knob } from '../../../src-core/model/knob';
import { memorySystems } from '../../../src-core/systems';
import { nvidiaUvm } from '../../../src-core/systems/nvidia-uvm';

const systems = [...new Set([...memorySystems, nvidiaUvm])];

describe.each(systems.map((system) => [system.id, system] as const))('knobs of %s', (_id, system) => {
  const fields = Object.entries(system.schema.shape);
  const knobs = fields.flatMap(([param, field]) => {
    const knob = knobOf(field);
    return knob ? [{ param, knob }] : [];
  });

  test('are set in a known place, by a source, under a name of their own', () => {
    for (const { knob } of knobs) {
      expect(KNOB_PLACES).toContain(knob.where);
      expect(knob.source).toMatch(/\d|\.md/);
      if (knob.where === 'sysfs') expect(knob.key).toMatch(/^\/sys\//);
    }
    expect(new Set(knobs.map(({ knob }) => knob.name)).size).toBe(knobs.length);
  });

  test('name only conditions that can be met', () => {
    for (const { knob } of knobs)
      for (const { when, why } of knob.noEffect ?? []) {
        expect(why.length).toBeGreaterThan(10);
        for (const condition of when)
          if ('fact' in condition) expect(PLATFORM_FACTS).toContain(condition.fact);
          else {
            const value = 'is' in condition ? condition.is : condition.isNot;
            expect(system.parse({ [condition.param]: value })).toMatchObject({ ok: true });
          }
      }
  });

  test('spell every value that has words of its own', () => {
    for (const { param, knob } of knobs)
      for (const texts of [knob.texts, knob.bootTexts])
        for (const value of Object.keys(texts ?? {})) {
          const given = value === 'true' || value === 'false' ? value === 'true' : value;
          expect(system.parse({ [param]: given })).toMatchObject({ ok: true });
        }
  });
});

// docs/rules/nvidia-uvm.md: every module parameter with its default and what it accepts.
const UINT = 4_294_967_295;
const EXPECTED: readonly (readonly [string, unknown, (readonly [number, number])?])[] = [
  ['uvm_perf_prefetch_enable', true],
  ['uvm_perf_prefetch_threshold', 51, [0, 100]],
  ['uvm_perf_prefetch_min_faults', 1, [1, 20]],
  ['uvm_perf_thrashing_enable', true],
  ['uvm_perf_thrashing_threshold', 3, [1, 7]],
  ['uvm_perf_thrashing_pin_threshold', 10, [1, 255]],
  ['uvm_perf_thrashing_lapse_usec', 500, [1, UINT]],
  ['uvm_perf_lapse_vote_threshold', 32, [1, UINT]],
  ['uvm_perf_thrashing_nap', 1, [1, 100]],
  ['uvm_perf_thrashing_epoch', 2000, [1, UINT]],
  ['uvm_perf_thrashing_pin', 300, [0, UINT]],
  ['uvm_perf_thrashing_max_resets', 4, [0, UINT]],
  ['uvm_perf_map_remote_on_native_atomics_fault', false],
  ['uvm_perf_fault_batch_count', 256, [1, UINT]],
  ['uvm_perf_fault_replay_policy', 'batch_flush'],
  ['uvm_perf_fault_replay_update_put_ratio', 50, [0, 100]],
  ['uvm_perf_fault_max_batches_per_service', 20, [0, UINT]],
  ['uvm_perf_fault_max_throttle_per_service', 5, [0, UINT]],
  ['uvm_perf_fault_coalesce', true],
  ['uvm_perf_reenable_prefetch_faults_lapse_msec', 1000, [0, UINT]],
  ['uvm_perf_access_counter_migration_enable', -1, [-1, 1]],
  ['uvm_perf_access_counter_batch_count', 256, [1, UINT]],
  ['uvm_perf_access_counter_threshold', 256, [1, 65_535]],
  ['uvm_perf_map_remote_on_eviction', true],
  ['uvm_global_oversubscription', true],
  ['uvm_perf_pma_batch_nonpinned_order', 6, [0, 20]],
  ['uvm_perf_migrate_cpu_preunmap_enable', true],
  ['uvm_perf_migrate_cpu_preunmap_block_order', 2, [0, 10]],
  ['uvm_disable_hmm', false],
];

/** The knob that a parameter was declared with, or null. */
function knobOf(field: unknown): Knob | null {
  const meta = field instanceof z.ZodType ? field.meta() : undefined;
  return (meta?.['knob'] as Knob | undefined) ?? null;
}

describe('the nvidia-uvm module', () => {
  test('has every parameter of the driver with its default, under its own name', () => {
    const defaults = nvidiaUvm.parse({});
    if (!defaults.ok) throw new Error(defaults.error);
    expect(Object.fromEntries(EXPECTED.map(([name]) => [name, defaults.value[name]]))).toEqual(
      Object.fromEntries(EXPECTED.map(([name, initial]) => [name, initial])),
    );
    for (const [name] of EXPECTED)
      expect(knobOf(nvidiaUvm.schema.shape[name])).toMatchObject({ name, where: 'nvidia-uvm module' });
    // What is no knob at all (how the program allocates) is a parameter of the simulation.
    const others = Object.keys(defaults.value).filter(
      (name) => knobOf(nvidiaUvm.schema.shape[name]) && !EXPECTED.some(([known]) => known === name),
    );
    expect(others.map((name) => [name, knobOf(nvidiaUvm.schema.shape[name])?.where])).toEqual([
      ['lapse_adaptation', 'what-if'],
      ['access_counter_granularity', 'build'],
      ['eviction_order', 'what-if'],
    ]);
  });

  test.each(EXPECTED.flatMap(([name, , range]) => (range ? [[name, ...range] as const] : [])))(
    '%s accepts %d to %d and nothing beyond',
    (name, min, max) => {
      for (const [value, ok] of [
        [min, true],
        [max, true],
        [min - 1, false],
        [max + 1, false],
      ] as const)
        expect(nvidiaUvm.parse({ [name]: value }).ok).toBe(ok);
    },
  );
});
