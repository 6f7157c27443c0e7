/** A kernel with its allocator wired to reclaim. */
import { Kernel, type KernelConfig } from './kernel';
import { installReclaim } from './reclaim';

export function createKernel(config: KernelConfig): Kernel {
  const kernel = new Kernel(config);
  installReclaim(kernel);
  return kernel;
}
