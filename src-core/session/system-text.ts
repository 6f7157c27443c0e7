/** For front ends, which may not see reports/: a run's memory system as blocks. */
export { systemBlocks } from '../reports/system-blocks';
