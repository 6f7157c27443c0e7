/** The vectors of the driver's decisions; ../vectors/README.md says how they were made. */
import { readFileSync } from 'node:fs';
import { checkVectors, type OracleOutcome } from '../../../src-core/session/oracle';

/** File and cases it must have. */
export const VECTOR_FILES = {
  prefetch: ['prefetch-vectors-a.json', 200],
  prefetch64k: ['prefetch-vectors-64k-pages.json', 80],
  thrashing: ['thrashing-vectors-a.json', 80],
  residency: ['residency-vectors-a.json', 400],
} as const;
export type VectorFile = keyof typeof VECTOR_FILES;

export const vectorText = (file: VectorFile): string =>
  readFileSync(new URL(`../vectors/${VECTOR_FILES[file][0]}`, import.meta.url), 'utf8');

export const check = (file: VectorFile): OracleOutcome => checkVectors(vectorText(file), VECTOR_FILES[file][0]);

/** Cases in which everything is as the driver had it. */
export const matching = ({ cases }: OracleOutcome): number =>
  cases.filter(({ differences }) => differences.length === 0).length;
