import { bench } from './bench';
import { calibrate } from './calibrate';
import type { CommandEntry } from './command';
import { describe } from './describe';
import { importFile } from './import';
import { knobs } from './knobs';
import { oracle } from './oracle';
import { report } from './report';
import { run } from './run';
import { serve } from './serve';

/** In the order of the help. */
export const commands: readonly CommandEntry[] = [
  run,
  importFile,
  report,
  serve,
  describe,
  knobs,
  calibrate,
  bench,
  oracle,
];
