import { afterSection } from './after-rows';
import { memorySection } from './memory-rows';
import { referenceSection } from './reference-rows';
import { requestSection } from './request-rows';
import type { BenchSection } from './row';
import { simulatedSection } from './simulated-rows';
import { snapshotSection } from './snapshot-rows';
import { startSection } from './start-rows';
import { systemSection } from './system-rows';
import { uvmSection } from './uvm-rows';

/** In the order of the print. */
export const sections: readonly BenchSection[] = [
  startSection,
  referenceSection,
  requestSection,
  uvmSection,
  systemSection,
  simulatedSection,
  snapshotSection,
  afterSection,
  memorySection,
];

/** The rows that `names` choose: rows and sections by id, or everything that is not long. */
export function chosenRows(
  names: readonly string[],
  withLong: boolean,
): readonly { readonly section: BenchSection; readonly ids: readonly string[] }[] {
  return sections
    .map((section) => ({
      section,
      ids: section.rows
        .filter((row) =>
          names.length === 0 ? withLong || row.isLong !== true : names.includes(row.id) || names.includes(section.id),
        )
        .map(({ id }) => id),
    }))
    .filter(({ ids }) => ids.length > 0);
}

/** Names that are neither a row nor a section. */
export const unknownNames = (names: readonly string[]): readonly string[] =>
  names.filter((name) => !sections.some(({ id, rows }) => id === name || rows.some((row) => row.id === name)));
