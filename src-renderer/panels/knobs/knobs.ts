/** What the list of knobs shows, from the rows of the backend and the changes that wait. Pure. */
import type { KnobFileFormat } from '../../../src-core/model/knob-file';
import type { RunChange } from '../../../src-core/model/scenario';
import type { KnobRow, RunState } from '../../../src-core/protocol/answers';

type Value = KnobRow['value'];
export type Values = Readonly<Record<string, Value>>;

/** Names under which the kinds of files are offered for saving. */
export const FILE_NAMES: Readonly<Record<KnobFileFormat, string>> = {
  modprobe: 'faultline.conf',
  sysctl: '90-faultline.conf',
  tmpfiles: 'faultline-sysfs.conf',
  cmdline: 'cmdline.txt',
};

/** Values that were asked for and wait for the next fault batch, by parameter. */
export function waitingValues(pending: readonly RunChange[]): Values {
  return Object.assign({}, ...pending.filter(({ kind }) => kind === 'system').map(({ params }) => params)) as Values;
}

/** Rows in which every word of the search occurs: in the name, the title, the help, the place, the source or the note. */
export function matching(
  rows: readonly KnobRow[],
  search: string,
  onlyChanged: boolean,
  waiting: Values,
): readonly KnobRow[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  return rows.filter(({ param, value, withoutEffect }) => {
    const { knob } = param;
    if (onlyChanged && (waiting[param.name] ?? value) === param.initial) return false;
    const text = [knob.name, param.name, param.title, param.help, knob.where, knob.source, withoutEffect ?? '']
      .join('\n')
      .toLowerCase();
    return words.every((word) => text.includes(word));
  });
}

/** `0 – 100`, or the words. */
export function rangeText({ param }: KnobRow): string {
  if (param.type === 'boolean') return 'off, on';
  if (param.type === 'choice') return (param.values ?? []).join(', ');
  return `${param.min ?? ''} – ${param.max ?? ''}`;
}

export const valueText = (value: Value): string =>
  typeof value === 'boolean' ? (value ? 'on' : 'off') : String(value);

export interface Situation {
  readonly state: RunState;
  readonly kind: 'workload' | 'trace' | 'recording';
  /** This page can open the same input again. */
  readonly canOpenAgain: boolean;
}

/** How a new value of the knob takes effect: at the next fault batch, by starting over, or not at all (with the reason). */
export function howToChange(
  row: KnobRow,
  { state, kind, canOpenAgain }: Situation,
): 'live' | 'again' | { readonly not: string } {
  if (kind === 'recording') return { not: 'Knobs of a recording cannot be changed.' };
  const isGoing = state === 'ready' || state === 'running' || state === 'paused';
  if (row.param.live && isGoing) return 'live';
  if (state === 'finished') return { not: 'The run has ended. Restart to change knobs.' };
  if (canOpenAgain) return 'again';
  return { not: 'This knob is fixed at the start. Open the file with the Open menu first.' };
}

/** Parameters that a run in progress can take, and those that need a new start. */
export function splitLive(params: Values, rows: readonly KnobRow[]): { readonly live: Values; readonly fixed: Values } {
  const isLive = ([name]: [string, Value]): boolean =>
    rows.find(({ param }) => param.name === name)?.param.live === true;
  const entries = Object.entries(params);
  return {
    live: Object.fromEntries(entries.filter(isLive)),
    fixed: Object.fromEntries(entries.filter((entry) => !isLive(entry))),
  };
}
