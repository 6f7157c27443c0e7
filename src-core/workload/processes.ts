/**
 * Follows forks, exits and pins through the file as the run will make them, so that a step of a process that is not
 * there is a mistake of the file, with its place, and not a surprise in the run.
 */
import { MAIN_PROCESS } from '../model/os-action';
import { type Iterations, nextRun } from './iterations';
import { MAX_LIFE_EVENTS, MAX_PROCESSES } from './limits';
import { suggest } from './nearest';
import type { Path, Problem } from './problems';

/** What a part of a phase has to do with processes; in the order of the file. */
export type LifeEvent = Iterations & {
  readonly process: string;
  readonly path: Path;
} & (
    | { readonly kind: 'uses' | 'exit' }
    | { readonly kind: 'fork'; readonly child: string }
    | { readonly kind: 'pin' | 'unpin'; readonly object: string }
  );

export interface PhaseLife {
  readonly repeat: number;
  readonly events: LifeEvent[];
}

/** Checks in the order of the run, up to MAX_LIFE_EVENTS; each place is named once. */
export function checkProcesses(phases: readonly PhaseLife[], swapped: ReadonlySet<string>, problems: Problem[]): void {
  const all = phases.flatMap(({ events }) => events);
  const names = new Set([MAIN_PROCESS, ...all.flatMap((event) => (event.kind === 'fork' ? [event.child] : []))]);
  if (names.size > MAX_PROCESSES) {
    const surplus = [...names][MAX_PROCESSES];
    const fork = all.find((event) => event.kind === 'fork' && event.child === surplus);
    problems.push({
      kind: 'limit',
      message: `${names.size} processes with main; at most ${MAX_PROCESSES}. Reuse a name after the exit of its process`,
      path: fork?.path ?? ['phases'],
    });
    return;
  }
  const strangers = all.filter(({ process }) => !names.has(process));
  for (const { process, path } of strangers)
    problems.push({
      kind: 'unknown-process',
      message: `there is no process "${process}"; ${suggest(process, [...names])} (a step { os: { fork: ${process} } } makes one)`,
      path,
    });
  if (strangers.length === 0) new Lives(swapped, problems).follow(phases);
}

class Lives {
  private readonly alive = new Set([MAIN_PROCESS]);
  private readonly ended = new Set<string>();
  private readonly pinned = new Set<string>();
  private readonly told = new Set<Path>();
  private left = MAX_LIFE_EVENTS;

  constructor(
    private readonly swapped: ReadonlySet<string>,
    private readonly problems: Problem[],
  ) {}

  follow(phases: readonly PhaseLife[]): void {
    const endsMain = phases.some(({ events }) => events.some((e) => e.kind === 'exit' && e.process === MAIN_PROCESS));
    for (const { repeat, events } of phases) {
      // Steps of main cannot be wrong while it never ends: a phase of 10⁹ of them is passed over.
      const due = events.filter((e) => e.kind !== 'uses' || e.process !== MAIN_PROCESS || endsMain);
      for (let iteration = 1; iteration <= repeat; iteration++) {
        iteration = due.reduce((least, event) => Math.min(least, nextRun(event, iteration)), Infinity);
        if (iteration > repeat) break;
        for (const event of due) {
          if (nextRun(event, iteration) !== iteration) continue;
          if (this.left-- === 0) return;
          this.happens(event, iteration);
        }
      }
    }
  }

  private happens(event: LifeEvent, iteration: number): void {
    const { process } = event;
    const wrong = (kind: string, message: string): void => {
      if (!this.told.has(event.path)) this.problems.push({ kind, message, path: event.path });
      this.told.add(event.path);
    };
    const when = iteration > 1 ? ` (iteration ${iteration})` : '';
    if (!this.alive.has(process)) {
      if (this.ended.has(process))
        wrong(
          'process-ended',
          `process "${process}" has ended here${when}; fork it again, or move the step before its exit`,
        );
      else wrong('process-not-forked', `process "${process}" is forked later${when}; move its fork before this step`);
      return;
    }
    if (event.kind === 'fork') {
      if (this.alive.has(event.child)) {
        wrong(
          'duplicate-process',
          `process "${event.child}" still exists here${when}; let it exit first, or use another name`,
        );
        return;
      }
      this.alive.add(event.child);
      this.ended.delete(event.child);
    } else if (event.kind === 'exit') {
      this.alive.delete(process);
      this.ended.add(process);
      for (const pin of this.pinned) if (pin.startsWith(`${process}/`)) this.pinned.delete(pin);
    } else if (event.kind === 'pin') this.pinned.add(`${process}/${event.object}`);
    else if (event.kind === 'unpin') {
      // A swap gives the name to other storage: what is pinned then, the run will say.
      if (!this.pinned.has(`${process}/${event.object}`) && !this.swapped.has(event.object))
        wrong(
          'not-pinned',
          `${process === MAIN_PROCESS ? 'nothing' : `process "${process}" has nothing`} of "${event.object}" pinned here${when}; expected an earlier step { os: { pin: ${event.object} } }`,
        );
    }
  }
}
