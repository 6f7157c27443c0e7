/** Workload files: text → data (`loadWorkload`) → access stream (`compileWorkload`). Reference: docs/workload.md. */
export { compileWorkload } from './compile';
export { readHead } from './head';
export { loadWorkload, placeInWorkload } from './read';
export { workloadJsonSchema } from './schema';
export type { Expectation, PolicyRequest, Workload } from './workload';
