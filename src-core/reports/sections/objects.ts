import type { ReportSection } from '../../contracts/report';
import { formatCount } from '../../base/units';
import { columnText, objectColumns } from '../../model/catalog/object-columns';
import { rankObjects } from '../words';

/** Rows of one table; a trace can have 65,535 objects, too many to read. The CSV has all of them. */
const MOST_ROWS = 200;

/** Every object with what it cost, dearest first. */
export const objects: ReportSection = {
  id: 'objects',
  title: 'Objects',
  build({ summary }) {
    const ranking = rankObjects(summary);
    const shown = ranking.rows.slice(0, MOST_ROWS);
    const columns = objectColumns(summary.totals.stallPs !== null);
    const all = { ...summary.totals, name: 'all objects', bytes: 0 };
    const left = ranking.rows.length - shown.length;
    const order = {
      stall: 'waiting time',
      bytes: 'bytes moved',
      faults: 'faults',
      nothing: 'the order of the workload',
    };
    return [
      {
        kind: 'table',
        caption: `Sorted by ${order[ranking.by]}.${left > 0 ? ` ${formatCount(left)} less costly objects are not shown; the CSV and JSON reports list all.` : ''}`,
        columns: columns.map(({ title, help, unit }) => ({ title, help, align: unit === 'name' ? 'left' : 'right' })),
        rows: shown.map(({ object }) => columns.map((column) => columnText(column, object, all))),
      },
    ];
  },
};
