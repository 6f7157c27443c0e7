/**
 * Why an event happened: the reason column of recordings. One row per reason; its place in the table is the stored code,
 * so the table only grows at its end. Tracks of the timeline, legends, reports and colours derive from it.
 */
import type { ColourToken } from './colours';

interface ReasonRow {
  readonly id: string;
  /** In tables and reports. */
  readonly title: string;
  /** In legends and tooltips. */
  readonly short: string;
  /** Which events carry it, and what happened. */
  readonly means: string;
  /** Faults of this reason have a track per side, in this colour. */
  readonly fault?: { readonly cpu: ColourToken; readonly gpu: ColourToken };
  /** Bytes moved for this reason have a track per direction, in this colour. */
  readonly move?: ColourToken;
  /** The ideal system has no such event: the tracks exist for the other systems only. */
  readonly notIdeal?: true;
  /** The last part of track ids, where it is not the reason's id. */
  readonly track?: string;
}

/** One colour for all processors: the legend names them. */
const bothSides = (colour: ColourToken): { readonly cpu: ColourToken; readonly gpu: ColourToken } => ({
  cpu: colour,
  gpu: colour,
});

const rows = [
  { id: 'none', title: 'none', short: 'none', means: 'no reason is recorded' },
  {
    id: 'first-touch',
    title: 'first touch',
    short: 'first touch',
    means: 'fault: the page was unpopulated; it was populated on the accessing processor',
    fault: { cpu: 'sky', gpu: 'sand' },
  },
  {
    id: 'not-resident',
    title: 'not resident',
    short: 'not resident',
    means: 'fault: the page was in another memory',
    fault: { cpu: 'blue', gpu: 'orange' },
  },
  {
    id: 'remote-map',
    title: 'remote mapping',
    short: 'remote mapping',
    means: 'fault: resolved by mapping the page in its current place',
    fault: { cpu: 'navy', gpu: 'brown' },
  },
  {
    id: 'fault',
    title: 'on fault',
    short: 'on fault',
    means: 'migration: the faulting processor gets the page',
    move: 'indigo',
  },
  {
    id: 'prefetch',
    title: 'prefetch',
    short: 'prefetch',
    means: 'migration: requested by the prefetch policy',
    move: 'green',
  },
  {
    id: 'access-counter',
    title: 'access counter',
    short: 'access counter',
    means: 'migration: remote accesses reached the threshold',
    move: 'gold',
  },
  {
    id: 'capacity',
    title: 'eviction',
    short: 'eviction',
    means: 'eviction: room was needed on the device',
    move: 'crimson',
    track: 'eviction',
  },
  { id: 'begin', title: 'begin', short: 'begin', means: 'step: it begins' },
  { id: 'end', title: 'end', short: 'end', means: 'step: it ends; end: the run is complete' },
  {
    id: 'changed',
    title: 'policy change',
    short: 'policy change',
    means: 'policy: scheduled or live; both give the same recording',
  },
  {
    id: 'no-permission',
    title: 'no permission',
    short: 'no permission',
    means: 'fault: the page is mapped, but not for this kind of access (copy-on-write, read-only mirror)',
    fault: bothSides('magenta'),
    notIdeal: true,
  },
  {
    id: 'numa-hint',
    title: 'NUMA hint',
    short: 'NUMA hint',
    means: 'fault, migration: NUMA-hint scanning made the page inaccessible to detect its user',
    fault: bothSides('violet'),
    move: 'violet',
    notIdeal: true,
  },
  {
    id: 'device-exclusive',
    title: 'device-exclusive',
    short: 'device-exclusive',
    means: 'fault: a device atomic took the page from the CPU, or the CPU took it back',
    fault: bothSides('teal'),
    notIdeal: true,
  },
  {
    id: 'hmm-mirror',
    title: 'HMM mirror',
    short: 'HMM mirror',
    means: 'fault: resolved by mirroring the page table of the CPU; the page does not move',
    fault: bothSides('ochre'),
    notIdeal: true,
  },
  {
    id: 'explicit',
    title: 'explicit request',
    short: 'explicit',
    means: 'migration: requested by a call (prefetch, migrate, mbind, a placement)',
    move: 'azure',
    notIdeal: true,
  },
  {
    id: 'copy-in',
    title: 'explicit copy in',
    short: 'copy in',
    means: 'fault, migration: an explicit copy to a device buffer',
    fault: bothSides('rose'),
    move: 'rose',
    notIdeal: true,
  },
  {
    id: 'copy-out',
    title: 'explicit copy out',
    short: 'copy out',
    means: 'migration: an explicit copy back to the host',
    move: 'lavender',
    notIdeal: true,
  },
  {
    id: 'evacuate',
    title: 'evacuation',
    short: 'evacuation',
    means: 'eviction: the device is emptied (unplug, end of the run)',
    move: 'rust',
    notIdeal: true,
  },
  {
    id: 'pin',
    title: 'long-term pin',
    short: 'pin',
    means: 'migration: a long-term pin needs the page in host memory',
    move: 'olive',
    notIdeal: true,
  },
  {
    id: 'demote',
    title: 'demotion',
    short: 'demotion',
    means: 'eviction: reclaim moves a cold page to the lower tier',
    move: 'ochre',
    notIdeal: true,
  },
  {
    id: 'promote',
    title: 'promotion',
    short: 'promotion',
    means: 'migration: a hot page returns to the upper tier',
    move: 'teal',
    notIdeal: true,
  },
  {
    id: 'swap-in',
    title: 'swap-in',
    short: 'swap-in',
    means: 'fault: the page was on swap',
    fault: bothSides('olive'),
    notIdeal: true,
  },
  { id: 'call', title: 'system call', short: 'call', means: 'os: a system call' },
  { id: 'outcome', title: 'outcome', short: 'outcome', means: 'os: an access that returned no data' },
  {
    id: 'queue-stop',
    title: 'queue stop',
    short: 'queue stop',
    means: 'os: a driver stopped the queues of a process, because its mapped memory is about to change',
  },
  {
    id: 'queue-start',
    title: 'queue start',
    short: 'queue start',
    means: 'os: a driver mapped the memory of a process again and started its queues',
  },
  {
    id: 'driver-event',
    title: 'driver event',
    short: 'driver event',
    means: 'os: an event that a driver sends to tools (thrashing, throttling, remote mappings)',
  },
] as const satisfies readonly ReasonRow[];

export type Reason = (typeof rows)[number]['id'];
export interface ReasonEntry extends ReasonRow {
  readonly id: Reason;
}
export const REASON_TABLE: readonly ReasonEntry[] = rows;
