/** Every recorded decision of the real driver, bit for bit: masks, hints, residencies, and the state after every step. */
import { describe, expect, it } from 'vitest';
import { check, matching, VECTOR_FILES, type VectorFile } from './vectors';

describe('decisions of NVIDIA UVM 595.45.04', () => {
  it.each(Object.keys(VECTOR_FILES) as VectorFile[])('%s', (file) => {
    const outcome = check(file);
    const differences = outcome.cases.flatMap((each) => each.differences);
    expect(differences.slice(0, 10)).toEqual([]);
    expect(outcome.cases).toHaveLength(VECTOR_FILES[file][1]);
    expect(matching(outcome)).toBe(VECTOR_FILES[file][1]);
  });
});
