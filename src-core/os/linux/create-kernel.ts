/** A kernel with its parts wired: reclaim for the allocator, zapping for files. */
import { Kernel, type KernelConfig } from './kernel';
import { installReclaim } from './reclaim';
import { zapRange } from './zap';

export function createKernel(config: KernelConfig): Kernel {
  const kernel = new Kernel(config);
  kernel.zap = (mm, vma, start, end) => {
    zapRange(kernel, mm, vma, start, end);
  };
  installReclaim(kernel);
  return kernel;
}
