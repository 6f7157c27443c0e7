/** One workload under several memory systems: a run each, from the start, with all else as it was opened. */
import type { ComparisonRow } from '../model/comparison';
import type { Finding } from '../model/finding';
import type { RecordingHeader } from '../model/recording';
import { Refusal } from '../model/refusal';
import type { SystemWish } from '../protocol/parameters';
import { runBeside, type BesideContext } from './beside';
import { checkSystemSpace, resolveSystem } from './scenario';
import type { Runnable } from './open';
import { systemNamed } from './systems';

/** Most systems of one comparison: the table has to be readable. */
export const MAX_SYSTEMS = 16;

type CompareContext = BesideContext;

/** Rows of a comparison, and of which input they are. */
export interface MadeComparison {
  readonly rows: readonly ComparisonRow[];
  readonly input: string;
}

/** The comparison of a session: the one that is being made, and the rows of the last. */
export class Comparison {
  /** 0..1 of the one that is being made; null while none is. */
  fraction: number | null = null;

  /** @param last what an engine before this one made */
  constructor(public last: MadeComparison | null) {}

  async make(
    opened: Runnable,
    wishes: readonly SystemWish[],
    context: CompareContext,
  ): Promise<readonly ComparisonRow[]> {
    this.fraction = 0;
    try {
      const rows = await compareSystems(opened, wishes, {
        ...context,
        progress: (fraction, doing) => {
          this.fraction = fraction;
          context.progress(fraction, doing);
        },
      });
      this.last = { rows, input: inputOf(opened.header) };
      return rows;
    } finally {
      this.fraction = null;
    }
  }

  /** The rows where they are of this input; null where it is another. */
  rowsOf(header: RecordingHeader): readonly ComparisonRow[] | null {
    return this.last?.input === inputOf(header) ? this.last.rows : null;
  }
}

/** What the systems of a comparison have in common: everything but the system. */
function inputOf(header: RecordingHeader): string {
  const { system: _system, ...scenario } = header.scenario;
  return JSON.stringify({ ...header, scenario });
}

async function compareSystems(
  opened: Runnable,
  wishes: readonly SystemWish[],
  context: CompareContext,
): Promise<readonly ComparisonRow[]> {
  if (wishes.length === 0 || wishes.length > MAX_SYSTEMS)
    throw new Refusal(`${wishes.length} memory systems cannot be compared; expected 1 to ${MAX_SYSTEMS}`);
  for (const wish of wishes) resolveSystem(wish); // a misspelt one is reported before the first run
  const rows: ComparisonRow[] = [];
  for (const [index, wish] of wishes.entries())
    rows.push(
      await runOne(
        opened,
        wish,
        (share, title) => {
          context.progress(
            (index + share) / wishes.length,
            `running under ${title} (${index + 1} of ${wishes.length})`,
          );
        },
        context,
      ),
    );
  return rows;
}

async function runOne(
  opened: Runnable,
  wish: SystemWish,
  progress: (share: number, title: string) => void,
  context: CompareContext,
): Promise<ComparisonRow> {
  const entry = systemNamed(wish.id);
  const system = resolveSystem(wish);
  const { system: _before, ...rest } = opened.header.scenario;
  const changes = rest.changes.filter(({ policy }) => policy.kind !== 'system' || policy.id === system?.id);
  const header = { ...opened.header, scenario: { ...rest, changes, ...(system ? { system } : {}) } };
  const row = { system: system ?? { id: entry.id, params: {} }, chosen: wish.params ?? {}, title: entry.title };
  try {
    checkSystemSpace(opened.source.space.bytes, system);
    const summary = await runBeside(
      { ...opened, notes: notesOf(rest.changes.length - changes.length) },
      header,
      context,
      (share) => {
        progress(share, entry.title);
      },
    );
    return { ...row, summary, refusal: null };
  } catch (cause) {
    if (cause instanceof Refusal && cause.message !== 'cancelled')
      return { ...row, summary: null, refusal: cause.message };
    throw cause;
  }
}

/** Scheduled changes of another system's parameters mean nothing here. */
const notesOf = (left: number): readonly Finding[] =>
  left === 0
    ? []
    : [
        {
          kind: 'change-of-other-system',
          severity: 'note',
          count: left,
          message: 'scheduled changes of parameters of another memory system; they were not applied in this run',
        },
      ];
