/** Names exchange storage. Idle iterations are skipped at once: a phase may have 10⁹ of them. */
import type { PhasePlan } from './workload';

/** Applies the swaps of `times` whole iterations of a phase to the binding of names to storage. */
export function applySwaps(phase: PhasePlan, binding: Int32Array, times: number): void {
  if (times === 0) return;
  const swaps = phase.parts.filter((part) => part.kind === 'swap');
  if (swaps.length === 0) return;
  // One iteration is a permutation of names; its power is made by squaring.
  let step = identity(binding.length);
  for (const { first, second } of swaps) exchange(step, first, second);
  let all = identity(binding.length);
  for (let left = times; left > 0; left = Math.floor(left / 2)) {
    if (left % 2 === 1) all = compose(all, step);
    step = compose(step, step);
  }
  binding.set(compose(binding, all));
}

export function exchange(binding: Int32Array, first: number, second: number): void {
  const moved = binding[first]!;
  binding[first] = binding[second]!;
  binding[second] = moved;
}

const identity = (length: number): Int32Array => Int32Array.from({ length }, (_, index) => index);
const compose = (outer: Int32Array, inner: Int32Array): Int32Array => inner.map((index) => outer[index]!);
