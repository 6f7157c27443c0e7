/** The signal or error that a process gets for a fault that Linux could not serve. */
import type { FaultResult } from '../../kernel/errno';

export const signalOf = (result: FaultResult): string => {
  switch (result) {
    case 'sigbus':
      return 'SIGBUS';
    case 'sigsegv':
      return 'SIGSEGV';
    case 'oom':
      return 'OOM';
    case 'hwpoison':
      return 'SIGBUS (hwpoison)';
    default:
      return result;
  }
};

/** What a device gets for the same (hmm_vma_fault: VM_FAULT_ERROR is -EFAULT, M6). */
export const errnoOf = (result: FaultResult): string => (result === 'oom' ? 'ENOMEM' : 'EFAULT');
