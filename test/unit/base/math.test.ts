import { describe, expect, it } from 'vitest';
import { arctan, exp, ln, power } from '../../../src-core/base/math';
import { randomStream } from '../../../src-core/base/random';

const RELATIVE = 1e-14;
const close = (actual: number, expected: number, what: string): void => {
  const error = expected === 0 ? Math.abs(actual) : Math.abs(actual / expected - 1);
  expect(error, `${what}: ${actual} instead of ${expected}`).toBeLessThan(RELATIVE);
};
/** Doubles spread over magnitudes. */
const samples = (name: string, from: number, to: number): number[] => {
  const random = randomStream(1, name);
  return Array.from({ length: 2000 }, () => 10 ** (from + random.unit() * (to - from)));
};

describe('functions from + − × ÷ and sqrt against those of the platform', () => {
  it('ln', () => {
    for (const x of [...samples('ln', -300, 300), 1e-308, 1.7e308, 2, Math.E, 0.5])
      close(ln(x), Math.log(x), `ln(${x})`);
    expect(ln(1)).toBe(0);
  });
  it('ln near one, where it is small itself', () => {
    for (const d of samples('near', -12, -1)) {
      close(ln(1 + d), Math.log(1 + d), `ln(1 + ${d})`);
      close(ln(1 - d), Math.log(1 - d), `ln(1 - ${d})`);
    }
  });
  it('exp', () => {
    // x itself is rounded: the result cannot be better than |x| × 2^-53 relative, 8e-14 at 700.
    for (const x of samples('exp', -9, 1)) {
      close(exp(x), Math.exp(x), `exp(${x})`);
      close(exp(-x), Math.exp(-x), `exp(${-x})`);
    }
    for (const x of [100, 300, -300, 690, -690]) expect(Math.abs(exp(x) / Math.exp(x) - 1)).toBeLessThan(1e-13);
    expect(exp(0)).toBe(1);
  });
  it('power', () => {
    const bases = samples('base', -2, 3);
    const exponents = samples('exponent', -2, 0.5);
    bases.forEach((base, i) => {
      close(power(base, exponents[i]!), base ** exponents[i]!, `${base} ^ ${exponents[i]!}`);
    });
    expect(power(7, 0)).toBe(1);
    expect(power(1, 5.5)).toBe(1);
  });
  it('arctan', () => {
    for (const x of samples('arctan', -9, 9)) {
      close(arctan(x), Math.atan(x), `arctan(${x})`);
      expect(arctan(-x)).toBe(-arctan(x));
    }
    expect(arctan(0)).toBe(0);
  });
});
