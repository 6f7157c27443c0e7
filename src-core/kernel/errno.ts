/** What Linux answers: 0 or a negative errno, as a name. A result to be shown, never an exception of ours. */
export type Errno =
  | 'EPERM'
  | 'ENOENT'
  | 'ENXIO'
  | 'EAGAIN'
  | 'ENOMEM'
  | 'EACCES'
  | 'EFAULT'
  | 'EBUSY'
  | 'EINVAL'
  | 'ENOSPC'
  | 'EOPNOTSUPP'
  | 'EINTR'
  | 'EEXIST';
/** `null` is success (0). */
export type Ret = Errno | null;

/**
 * How a CPU or device-initiated page fault ended (vm_fault_t). `blocked`: a migration entry or a locked page is in the
 * way; the access waits until whoever holds it is done. `uffd`: a userfaultfd handler has to answer first.
 */
export type FaultResult = 'ok' | 'sigbus' | 'sigsegv' | 'oom' | 'hwpoison' | 'blocked' | 'uffd';
