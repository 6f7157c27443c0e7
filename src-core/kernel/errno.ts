/** What Linux answers: 0 or a negative errno, as a name. It is a result to show, not an exception of this program. */
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
 * way; the access waits until the holder releases it. `uffd`: a userfaultfd handler has to answer first.
 */
export type FaultResult = 'ok' | 'sigbus' | 'sigsegv' | 'oom' | 'hwpoison' | 'blocked' | 'uffd';
