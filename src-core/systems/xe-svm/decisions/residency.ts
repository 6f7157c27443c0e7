/** Which accesses need the data in VRAM (xe_vm.c xe_vma_need_vram_for_atomic). */

/** Whether VRAM is mandatory for an access (xe_vma_need_vram_for_atomic); EACCES: atomics are of the CPU alone. */
export function needsVram(
  isAtomic: boolean,
  attribute: 'undefined' | 'device' | 'global' | 'cpu',
  smemAtomics: boolean,
): boolean | 'EACCES' {
  if (!isAtomic) return false;
  if (attribute === 'cpu') return 'EACCES';
  return attribute === 'device' ? !smemAtomics : true;
}
