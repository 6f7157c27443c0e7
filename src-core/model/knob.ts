/**
 * A knob: a parameter under the name that the real driver or kernel gives it. Plain data, declared with the parameter, so that
 * the form, the reference page, the exported configuration files and their readers all follow from one declaration.
 */

/**
 * Where a knob is set. `build`: fixed when the driver was compiled. `GPGPU-Sim option`: in gpgpusim.config of the simulator.
 * `what-if`: in no driver; asks what another choice would give.
 */
export const KNOB_PLACES = [
  'nvidia-uvm module',
  'nvidia module',
  'amdgpu module',
  'xe module',
  'sysctl',
  'sysfs',
  'kernel command line',
  'build',
  'GPGPU-Sim option',
  'what-if',
] as const;
export type KnobPlace = (typeof KNOB_PLACES)[number];

/**
 * What a machine is, where it decides whether a knob does anything. `counts-only`: no clock. `ats`, `no-ats`: the device walks
 * the host's page tables, or does not. `pages-4k`, `pages-64k`: base pages of the host. `one-device`: no second device to reach.
 * `no-cpu-link`: the device hangs on PCIe, not on NVLink, C2C or another coherent link to the CPU. `numa-device`: device memory is
 * a node of the host.
 */
export const PLATFORM_FACTS = [
  'counts-only',
  'ats',
  'no-ats',
  'pages-4k',
  'pages-64k',
  'one-device',
  'no-cpu-link',
  'numa-device',
] as const;
export type PlatformFact = (typeof PLATFORM_FACTS)[number];

export type KnobValue = number | string | boolean;

/** About the machine, or about another parameter of the same memory system. */
export type KnobCondition =
  | { readonly fact: PlatformFact }
  | { readonly param: string; readonly is: KnobValue }
  | { readonly param: string; readonly isNot: KnobValue };

/** All of `when` hold (none named: always, as the model leaves it out): the knob does nothing, and `why` says so to people. */
export interface KnobWithoutEffect {
  readonly when: readonly KnobCondition[];
  readonly why: string;
}

export interface Knob {
  /** The driver's own name, as it stands in its source. */
  readonly name: string;
  readonly where: KnobPlace;
  /** File and line, and the version that was read: `uvm_perf_prefetch.c:42, driver 595.45.04`. */
  readonly source: string;
  /** How the place spells it, where that is not the name: a sysctl key (`kernel.numa_balancing`), a path below /sys. */
  readonly key?: string;
  /** The kernel parameter that sets it at boot as well, where there is one besides `module.name`: `transparent_hugepage`. */
  readonly bootParameter?: string;
  /** Value of the parameter → what stands in the file, where these differ. Without it: numbers and words as they are, 1 and 0. */
  readonly texts?: Readonly<Record<string, string>>;
  /** The same for the kernel parameter, where it speaks other words than the file. */
  readonly bootTexts?: Readonly<Record<string, string>>;
  /**
   * What the driver does with a number outside the range: takes its default, the nearest end of the range, a certain
   * number, or (switches) reads anything but 0 as on. Absent: it refuses the value.
   */
  readonly outside?: 'default' | 'nearest' | 'on' | number;
  /** A switch that the kernel reads with kstrtobool: y, n, on and off besides 1 and 0. */
  readonly isBool?: true;
  readonly noEffect?: readonly KnobWithoutEffect[];
  /** Why it takes no other value while a run goes on. Absent: it does. */
  readonly fixed?: string;
}

/** What the driver's file has for a value, where that is not the value's own word: 0 for XNACK on, whose name there is noretry. */
export function wordInFile({ texts }: Knob, value: KnobValue): string | null {
  const word = texts?.[String(value)];
  const plain = typeof value === 'boolean' ? String(Number(value)) : String(value);
  return word === undefined || word === plain || word === String(value) ? null : word;
}
