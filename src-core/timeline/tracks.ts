/** The run-wide tracks of a timeline: faults by side and reason, bytes by direction and reason. */
import { reasonCode, type Reason } from '../model/events';

const FAULT_REASONS = ['first-touch', 'not-resident', 'remote-map'] as const;
const MOVE_REASONS = ['fault', 'prefetch', 'access-counter', 'capacity'] as const;
/** What only memory systems on the Linux model have. */
const LINUX_FAULTS = ['hmm-mirror', 'no-permission', 'numa-hint', 'device-exclusive', 'swap-in', 'copy-in'] as const;
const LINUX_MOVES = ['explicit', 'copy-in', 'copy-out', 'evacuate', 'numa-hint', 'pin', 'demote', 'promote'] as const;
const TITLES: Readonly<Partial<Record<Reason, string>>> = {
  'first-touch': 'first touch',
  'not-resident': 'not resident',
  'remote-map': 'remote mapping',
  fault: 'on fault',
  prefetch: 'prefetch',
  'access-counter': 'access counter',
  capacity: 'eviction',
  'hmm-mirror': 'mirrored where it is',
  'no-permission': 'not for this kind of access',
  'numa-hint': 'NUMA hint',
  'device-exclusive': 'device-exclusive',
  'swap-in': 'from swap',
  'copy-in': 'copy in',
  'copy-out': 'copy out',
  explicit: 'asked for',
  evacuate: 'evacuation',
  pin: 'pin',
  demote: 'demotion',
  promote: 'promotion',
};

interface TrackSpec {
  readonly id: string;
  readonly title: string;
  readonly group: 'faults' | 'bytes';
  readonly unit: 'count' | 'bytes';
}

/** The run-wide tracks of a run, and the track of each reason code. */
export interface TrackTable {
  readonly tracks: readonly TrackSpec[];
  readonly cpuFaults: Uint8Array;
  readonly gpuFaults: Uint8Array;
  readonly toDevice: Uint8Array;
  readonly toHost: Uint8Array;
}

export function tracksOf(linux: boolean): TrackTable {
  const faults: readonly Reason[] = linux ? [...FAULT_REASONS, ...LINUX_FAULTS] : FAULT_REASONS;
  const moves: readonly Reason[] = linux ? [...MOVE_REASONS, ...LINUX_MOVES] : MOVE_REASONS;
  const title = (reason: Reason): string => TITLES[reason] ?? reason;
  const tracks: TrackSpec[] = [
    ...(['cpu', 'gpu'] as const).flatMap((side) =>
      faults.map((reason) => ({
        id: `faults.${side}.${reason}`,
        title: `${side.toUpperCase()} faults, ${title(reason)}`,
        group: 'faults' as const,
        unit: 'count' as const,
      })),
    ),
    ...(['toDevice', 'toHost'] as const).flatMap((direction) =>
      moves.map((reason) => ({
        id: `bytes.${direction}.${reason === 'capacity' ? 'eviction' : reason}`,
        title: `${direction === 'toDevice' ? 'to device' : 'to host'}, ${title(reason)}`,
        group: 'bytes' as const,
        unit: 'bytes' as const,
      })),
    ),
  ];
  const moved = 2 * faults.length;
  return {
    tracks,
    cpuFaults: byReason(faults, 0),
    gpuFaults: byReason(faults, faults.length),
    toDevice: byReason(moves, moved),
    toHost: byReason(moves, moved + moves.length),
  };
}

/** Tracks from `first` on; a reason that is not here (a recording of a newer version) counts with the first. */
function byReason(reasons: readonly Reason[], first: number): Uint8Array {
  const table = new Uint8Array(256).fill(first);
  reasons.forEach((reason, i) => (table[reasonCode(reason)] = first + i));
  return table;
}
