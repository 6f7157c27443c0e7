/** The oracle itself: every planted mistake has to be noticed by the vectors that should see it. */
import { describe, expect, it } from 'vitest';
import { registeredDecisions } from '../../../src-core/session/oracle';
import { mutations } from './mutations';
import { check, matching, VECTOR_FILES } from './vectors';

describe('a planted mistake is noticed', () => {
  const real = registeredDecisions();
  it.each(mutations.map((mutation) => [mutation.name, mutation] as const))('%s', (_, { files, apply }) => {
    const noticed = files.filter((file) => matching(check(file, apply(real))) < VECTOR_FILES[file][1]);
    expect(noticed).not.toEqual([]);
  });
});
