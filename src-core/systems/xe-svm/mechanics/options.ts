/** How the driver and the platform are; see systems/xe-svm/index.ts. */
export interface XeSvmOptions {
  /** svm_notifier_size, in pages: a power of two. */
  readonly notifierPages: number;
  /** atomic_svm_timeslice_ms, in ps. */
  readonly timeslicePs: number;
  /** CONFIG_DRM_XE_PAGEMAP: ranges can migrate to VRAM. */
  readonly pagemap: boolean;
  /** XE_VRAM_FLAGS_NEED64K: VRAM comes in 64 KiB, and smaller ranges do not migrate. */
  readonly need64k: boolean;
  /** has_device_atomics_on_smem: atomics of the device work on host memory, where they were declared as of the device only. */
  readonly smemAtomics: boolean;
  /** What a partial unmap does to the rest of its range: also home, as the documentation of drm_gpusvm has it. */
  readonly evictOnPartialUnmap: boolean;
}
