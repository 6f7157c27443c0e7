/** Thrashing detection, throttling and pinning (docs/rules/nvidia-uvm.md). */
import { choice, integer, toggle } from '../../../contracts/params';
import { THRASHING_OFF, UINT_MAX, uvm } from './knob';

/** The driver adapts the lapse only while the module parameter has exactly its default. */
const LAPSE_USEC = 500;
const NOT_ADAPTED = [
  ...THRASHING_OFF,
  {
    when: [{ param: 'uvm_perf_thrashing_lapse_usec', isNot: LAPSE_USEC }],
    why: `the driver adapts the lapse only while uvm_perf_thrashing_lapse_usec is ${LAPSE_USEC}`,
  },
] as const;

export const thrashingParams = {
  uvm_perf_thrashing_enable: toggle({
    title: 'Thrashing detection',
    help: 'Pages that processors take from each other are throttled, then pinned.',
    initial: true,
    live: true,
    knob: uvm('uvm_perf_thrashing_enable', 'uvm_perf_thrashing.c:244-247', {
      outside: 'default',
      noEffect: THRASHING_OFF.slice(0, 1),
    }),
  }),
  uvm_perf_thrashing_threshold: integer({
    title: 'Thrashing threshold',
    help: 'Moves or revocations of a page, each within the lapse after the previous one, until the page counts as thrashing. The counter has three bits.',
    unit: 'events',
    min: 1,
    max: 7,
    initial: 3,
    live: true,
    knob: uvm('uvm_perf_thrashing_threshold', 'uvm_perf_thrashing.c:249-255', {
      outside: 'default',
      noEffect: THRASHING_OFF,
    }),
  }),
  uvm_perf_thrashing_pin_threshold: integer({
    title: 'Throttles before pinning',
    help: 'Times a thrashing page is throttled before it is pinned and mapped remotely.',
    unit: 'throttles',
    min: 1,
    max: 255,
    initial: 10,
    live: true,
    knob: uvm('uvm_perf_thrashing_pin_threshold', 'uvm_perf_thrashing.c:257-263', {
      outside: 'default',
      noEffect: THRASHING_OFF,
    }),
  }),
  uvm_perf_thrashing_lapse_usec: integer({
    title: 'Thrashing lapse',
    help: 'Two events of a page count as thrashing if they are at most this far apart. Nap, epoch and pin are multiples of it. If it has its default, the driver adapts it during the run.',
    unit: 'us',
    min: 1,
    max: UINT_MAX,
    initial: LAPSE_USEC,
    live: true,
    knob: uvm('uvm_perf_thrashing_lapse_usec', 'uvm_perf_thrashing.c:267-275', {
      outside: 'default',
      noEffect: THRASHING_OFF,
    }),
  }),
  uvm_perf_lapse_vote_threshold: integer({
    title: 'Votes before the lapse moves',
    help: 'Net slow or fast re-faults before the lapse is adapted. The driver turns a value of 0 into 500 because of a wrong macro.',
    unit: 'votes',
    min: 1,
    max: UINT_MAX,
    initial: 32,
    live: true,
    knob: uvm('uvm_perf_lapse_vote_threshold', 'uvm_perf_thrashing.c:277-281, 2053', {
      outside: 500,
      noEffect: NOT_ADAPTED,
    }),
  }),
  uvm_perf_thrashing_nap: integer({
    title: 'Nap',
    help: 'How long a throttled processor waits before it accesses the page, in lapses.',
    unit: 'lapses',
    min: 1,
    max: 100,
    initial: 1,
    live: true,
    knob: uvm('uvm_perf_thrashing_nap', 'uvm_perf_thrashing.c:283-288', {
      outside: 'default',
      noEffect: THRASHING_OFF,
    }),
  }),
  uvm_perf_thrashing_epoch: integer({
    title: 'Epoch',
    help: 'Time without thrashing after which the history of a VA block is reset, in lapses. A block that has pinned a page is never reset.',
    unit: 'lapses',
    min: 1,
    max: UINT_MAX,
    initial: 2000,
    live: true,
    knob: uvm('uvm_perf_thrashing_epoch', 'uvm_perf_thrashing.c:290-294', {
      outside: 'default',
      noEffect: THRASHING_OFF,
    }),
  }),
  uvm_perf_thrashing_pin: integer({
    title: 'Pin time',
    help: 'How long a thrashing page stays pinned, in lapses. 0: forever.',
    unit: 'lapses',
    min: 0,
    max: UINT_MAX,
    initial: 300,
    live: true,
    knob: uvm('uvm_perf_thrashing_pin', 'uvm_perf_thrashing.c:304-309', { noEffect: THRASHING_OFF }),
  }),
  uvm_perf_thrashing_max_resets: integer({
    title: 'Resets of a block',
    help: 'Maximum number of resets of a VA block’s history.',
    unit: 'resets',
    min: 0,
    max: UINT_MAX,
    initial: 4,
    live: true,
    knob: uvm('uvm_perf_thrashing_max_resets', 'uvm_perf_thrashing.c:314-316', { noEffect: THRASHING_OFF }),
  }),
  lapse_adaptation: choice({
    title: 'Adaptation of the lapse',
    help: 'faithful: as compiled; a signed vote is compared with an unsigned threshold, so every fast re-fault lengthens the lapse. intended: as in the driver’s comments; the lapse changes in both directions after this many net votes.',
    values: ['faithful', 'intended'],
    initial: 'faithful',
    live: true,
    knob: {
      name: 'lapse_adaptation',
      where: 'what-if',
      source: 'uvm_perf_thrashing.c:1623-1644, driver 595.45.04',
      noEffect: NOT_ADAPTED,
    },
  }),
  uvm_perf_map_remote_on_native_atomics_fault: toggle({
    title: 'Atomics map remotely',
    help: 'If the link has native atomics, an atomic of one device on a page of another maps the page remotely instead of moving it.',
    initial: false,
    live: true,
    knob: uvm('uvm_perf_map_remote_on_native_atomics_fault', 'uvm_perf_thrashing.c:330-331', {
      outside: 'on',
      noEffect: [{ when: [{ fact: 'one-device' }], why: 'there is no second device' }],
    }),
  }),
} as const;
