import type { ReportSection } from '../../contracts/report';
import { machineConstants } from '../machine-constants';

/** Every constant of the machine with where it comes from. */
export const machine: ReportSection = {
  id: 'machine',
  title: 'Machine',
  build(input) {
    return [
      { kind: 'paragraph', text: input.machine.summary },
      {
        kind: 'table',
        caption: `${input.machine.title} (${input.machine.id}). The device memory here is the machine's; the run may have used another size, see What was run.`,
        columns: [
          { title: 'Constant', align: 'left' },
          { title: 'Value', align: 'right' },
          { title: 'Grade', align: 'left' },
          { title: 'Source', align: 'left' },
        ],
        rows: machineConstants(input.machine).map(({ name, value, grade, source }) => [name, value, grade, source]),
      },
    ];
  },
};
