import type { Exporter } from './exporter';
import { toScenario } from './scenario';

/** The fields of the run summary as `run --json` names them, and what is needed to repeat the run. */
export const jsonExporter: Exporter = {
  id: 'json',
  title: 'JSON, all numbers',
  extension: 'json',
  mediaType: 'application/json',
  write: ({ input }) =>
    `${JSON.stringify(
      {
        format: 'faultline-report',
        version: 1,
        ...input.summary,
        ...(input.comparison ? { comparison: input.comparison } : {}),
        ...(input.bounds ? { bounds: input.bounds } : {}),
        command: input.command,
        scenario: toScenario(input),
      },
      null,
      2,
    )}\n`,
};
