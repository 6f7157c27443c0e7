/** How the driver is set; see systems/amd-svm/index.ts. */
export interface AmdSvmOptions {
  /** svm_default_granularity: log2 of pages. */
  readonly granularity: number;
  /** Faults of the process's devices can be retried. */
  readonly xnack: boolean;
  /** The program registers what its devices use, before anything else. */
  readonly register: boolean;
  /** Devices are in one XGMI hive: each maps the others' memory. */
  readonly hive: boolean;
  /** AMDGPU_SVM_RANGE_RESTORE_DELAY_MS, in ps. */
  readonly restoreDelayPs: number;
  /** AMDGPU_SVM_RANGE_RETRY_FAULT_PENDING, in ps. */
  readonly retryPendingPs: number;
}
