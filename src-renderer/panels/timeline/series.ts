/** What a track of the answer is called and how it looks; from its id, so that new causes and processors need no change. */
import type { BoundTrack, TimelineAnswer, TrackAnswer } from '../../../src-core/model/timeline';
import { objectToken } from '../../theme/palette';

export type Lane = 'faults' | 'bytes' | 'occupancy';
export const LANES: readonly Lane[] = ['faults', 'bytes', 'occupancy'];

export interface Series {
  readonly track: TrackAnswer;
  readonly label: string;
  readonly token: string;
  /** Drawn downwards: what goes to the host. */
  readonly down: boolean;
}

const KNOWN_FAULTS = ['first-touch', 'not-resident', 'remote-map'];
/** Of memory systems on the Linux model; one hue for all processors, whose names stand in the legend. */
const LINUX_FAULTS = ['hmm-mirror', 'no-permission', 'numa-hint', 'device-exclusive', 'swap-in', 'copy-in'];
const KNOWN_CAUSES = [
  ...['fault', 'prefetch', 'access-counter', 'eviction'],
  ...['explicit', 'copy-in', 'copy-out', 'evacuate', 'numa-hint', 'pin', 'demote', 'promote'],
];
const WORDS: Readonly<Record<string, string>> = {
  'first-touch': 'first touch',
  'not-resident': 'not resident',
  'remote-map': 'remote map',
  'access-counter': 'access counter',
  capacity: 'eviction',
  'hmm-mirror': 'mirrored',
  'no-permission': 'no permission',
  'numa-hint': 'NUMA hint',
  'swap-in': 'from swap',
  explicit: 'asked for',
  demote: 'demotion',
  promote: 'promotion',
};
const words = (id: string): string => WORDS[id] ?? id.replace(/-/g, ' ');

function faultSeries(track: TrackAnswer, processor: string, kind: string): Series {
  const family = processor === 'cpu' ? 'cpu' : 'gpu';
  const token = KNOWN_FAULTS.includes(kind)
    ? `fault-${family}-${kind}`
    : LINUX_FAULTS.includes(kind)
      ? `fault-${kind}`
      : 'fault-other';
  return { track, label: `${processor.toUpperCase()} ${words(kind)}`, token, down: false };
}

function bytesSeries(track: TrackAnswer, direction: string, cause: string): Series {
  const known = cause === 'capacity' ? 'eviction' : cause;
  const token = KNOWN_CAUSES.includes(known) ? `cause-${known}` : 'cause-other';
  return { track, label: words(cause), token, down: direction === 'toHost' };
}

/** Reads an id of the form `faults.<processor>.<kind>` or `bytes.<direction>.<cause>`; occupancy goes by its object. */
export function toSeries(track: TrackAnswer): Series {
  const [group, first = '', second = ''] = track.id.split('.');
  if (track.group === 'occupancy')
    return { track, label: track.title, token: objectToken(track.object ?? -1), down: false };
  if (group === 'faults') return faultSeries(track, first, second);
  if (group === 'bytes') return bytesSeries(track, first, second);
  return { track, label: track.title, token: 'cause-other', down: false };
}

/** The series of one lane, in the order of the answer (bottom of the stack first). */
export const seriesOf = (answer: TimelineAnswer, lane: Lane): readonly Series[] =>
  answer.tracks.filter((track) => track.group === lane).map(toSeries);

/** A line over a lane. */
export interface Bound {
  readonly label: string;
  readonly token: string;
  readonly down: boolean;
  readonly values: BoundTrack['values'];
}

/** Of a bound's id, `<bound>.<what>`: what it is about has its colour wherever it is drawn. */
export const boundToken = (id: string): string => `bound-${id.slice(0, id.indexOf('.'))}`;

export const boundsOf = (answer: TimelineAnswer, lane: Lane): readonly Bound[] =>
  (answer.bounds ?? [])
    .filter(({ group }) => group === lane)
    .map(({ id, title, down, values }) => ({ label: title, token: boundToken(id), down, values }));

/** Lines that are there in both directions are named once. */
export const boundLegend = (bounds: readonly Bound[]): readonly Bound[] =>
  bounds.filter(({ label }, index) => bounds.findIndex((other) => other.label === label) === index);

/** A legend names what is there: series without any value in sight are left out, equal ones are named once. */
export function legendOf(series: readonly Series[]): readonly Series[] {
  const seen = new Set<string>();
  return series.filter(({ track, label, token }) => {
    const key = `${label}|${token}`;
    if (seen.has(key) || !track.values.some((value) => value > 0)) return false;
    seen.add(key);
    return true;
  });
}
