/**
 * Elementary functions from + − × ÷ and sqrt only, so that every engine gives the same last bit (Math.sin and
 * Math.cos were measured to differ between Node 20 and Electron 25). Accuracy about 1e-15 relative.
 */
const LN2 = 0.6931471805599453;
const HALF_PI = 1.5707963267948966;

/** Natural logarithm for finite x > 0. */
export function ln(x: number): number {
  let exponent = 0;
  let m = x;
  while (m >= 1.4142135623730951) {
    m /= 2;
    exponent++;
  }
  while (m < 0.7071067811865476) {
    m *= 2;
    exponent--;
  }
  const s = (m - 1) / (m + 1);
  const s2 = s * s;
  let sum = 0;
  for (let k = 25; k >= 1; k -= 2) sum = sum * s2 + 1 / k;
  return 2 * s * sum + exponent * LN2;
}

/** e^x for |x| < 700. */
export function exp(x: number): number {
  const k = Math.round(x / LN2);
  const r = x - k * LN2;
  let sum = 1;
  for (let i = 18; i >= 1; i--) sum = 1 + (sum * r) / i;
  let scale = 1;
  for (let i = 0; i < Math.abs(k); i++) scale *= 2;
  return k >= 0 ? sum * scale : sum / scale;
}

/** x^y for x > 0. */
export const power = (x: number, y: number): number => (x === 1 || y === 0 ? 1 : exp(y * ln(x)));

/** Arc tangent for finite x, by argument halving and the alternating series. */
export function arctan(x: number): number {
  if (x < 0) return -arctan(-x);
  if (x > 1) return HALF_PI - arctan(1 / x);
  let t = x;
  let halvings = 0;
  while (t > 0.1) {
    t = t / (1 + Math.sqrt(1 + t * t));
    halvings++;
  }
  const t2 = t * t;
  let sum = 0;
  for (let k = 21; k >= 1; k -= 2) sum = 1 / k - sum * t2;
  let value = t * sum;
  for (let i = 0; i < halvings; i++) value *= 2;
  return value;
}
