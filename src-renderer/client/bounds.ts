/** Bounds of the run that is shown: measuring them, and what is known so far. */
import { shallowRef, type ShallowRef } from 'vue';
import type { BoundRow } from '../../src-core/model/bounds';
import { RequestError, type Connection } from './connection';
import { createLiveQuestion, type LiveQuestion } from './live-question';

/** Numbers of a run that goes on change at reading speed. */
const PAUSE_MS = 500;

export interface BoundsClient {
  /** null: not measured yet. */
  readonly rows: ShallowRef<readonly BoundRow[] | null>;
  /** What the report says about them. */
  readonly section: LiveQuestion<'session.report'>['answer'];
  readonly busy: ShallowRef<boolean>;
  /** Requested in reports. */
  readonly inReports: ShallowRef<boolean>;
  readonly problem: ShallowRef<string | null>;
  /** Measures what is not known yet. `report`: later reports have them too. */
  measure(report: boolean): Promise<void>;
  /** The run came further. */
  refresh(): void;
  /** Another run. */
  forget(): void;
}

export function createBounds(connection: Pick<Connection, 'request'>): BoundsClient {
  const rows = shallowRef<readonly BoundRow[] | null>(null);
  const busy = shallowRef(false);
  const inReports = shallowRef(false);
  const problem = shallowRef<string | null>(null);
  const section = createLiveQuestion(connection, 'session.report', PAUSE_MS);
  let run = 0;
  const refresh = (): void => {
    if (rows.value !== null) section.ask({ format: 'blocks', only: ['bounds'] });
  };

  return {
    rows,
    section: section.answer,
    busy,
    inReports,
    problem,
    async measure(report) {
      const mine = run;
      busy.value = true;
      problem.value = null;
      try {
        const result = await connection.request('session.bounds', { make: true, report });
        if (mine !== run) return;
        rows.value = result.rows;
        inReports.value ||= report;
        refresh();
      } catch (error) {
        const isCancelled = error instanceof RequestError && error.code === 'cancelled';
        if (mine === run && !isCancelled) problem.value = error instanceof Error ? error.message : String(error);
      } finally {
        if (mine === run) busy.value = false;
      }
    },
    refresh,
    forget() {
      run++;
      rows.value = null;
      busy.value = false;
      inReports.value = false;
      problem.value = null;
      section.forget();
    },
  };
}
