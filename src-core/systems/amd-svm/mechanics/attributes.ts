/**
 * Attributes that the application sets in KFD for a range of addresses (AMDKFD_IOC_SVM, KFD_IOCTL_SVM_OP_SET_ATTR; kfd_svm.c
 * svm_range_set_attr): ranges are made and split as needed, a prefetch location moves data at once, and what changed is
 * mapped again where the rules for it say so.
 */
import { CPU } from '../../../model/processor';
import { vmaAt, type Mm } from '../../../kernel/mm';
import { UNDEFINED, type SvmAttributes, type SvmChange } from '../decisions/attributes';
import { maxRangePages, rangeBorders } from '../decisions/ranges';
import { bestPrefetchLocation, type SameHive } from '../decisions/residency';
import type { SvmMigration } from './migrate';
import type { SvmProcess, SvmRange } from './ranges';

/** What the call needs of the driver. */
export interface SvmDriver {
  readonly isXnack: boolean;
  readonly devices: number;
  readonly sameHive: SameHive;
  readonly migration: SvmMigration;
  /** Pages of a device. */
  readonly vramPages: number;
  /** Attributes of unregistered memory. */
  readonly defaults: () => SvmAttributes;
  /** svm_range_validate_and_map of a whole range, on the devices that shall have it. */
  readonly validate: (process: SvmProcess, range: SvmRange) => string | null;
}

/** Ranges that the call touches: changed ones, and rests of old ranges that it cut at an unaligned border. */
interface Touched {
  readonly changed: readonly SvmRange[];
  readonly cut: readonly SvmRange[];
}

/** null, or an errno; what came before it stays as it is. EFAULT: not all of it is mapped, or it is not memory. */
export function setAttributes(
  driver: SvmDriver,
  process: SvmProcess,
  start: number,
  end: number,
  changes: readonly SvmChange[],
): string | null {
  if (!isMemory(process.mm, start, end)) return 'EFAULT';
  const { changed, cut } = touch(driver, process, start, end, changes);
  for (const range of changed) for (const change of changes) change.apply(range);
  const remaps = changes.some(({ remaps }) => remaps === 'always' || (remaps === 'without-xnack' && !driver.isXnack));
  let answer: string | null = null;
  for (const range of changed) {
    const { ret, migrated } = moveAhead(driver, process.mm, range);
    // Without XNACK the migration has stopped the queues, and the restore work maps the range.
    const isLeft = migrated && (!driver.isXnack || range.alwaysMapped) && range.mapped;
    if (ret !== null) answer = ret;
    else if (!isLeft && (migrated || remaps)) answer = driver.validate(process, range) ?? answer;
  }
  for (const range of cut) answer = driver.validate(process, range) ?? answer;
  return answer;
}

/** svm_range_is_valid: mapped without a hole, and no registers of a device. */
function isMemory(mm: Mm, start: number, end: number): boolean {
  for (let at = start; at < end;) {
    const vma = vmaAt(mm, at);
    if (!vma || vma.io || vma.mixedmap) return false;
    at = vma.end;
  }
  return true;
}

/** svm_range_add: splits ranges that reach over the border, fills gaps with ranges of limited size. */
function touch(
  driver: SvmDriver,
  process: SvmProcess,
  start: number,
  end: number,
  changes: readonly SvmChange[],
): Touched {
  const changed: SvmRange[] = [];
  const cut: SvmRange[] = [];
  let at = start;
  const fill = (until: number): void => {
    const borders = rangeBorders(at, until, maxRangePages(driver.vramPages));
    for (let i = 1; i < borders.length; i++) changed.push(process.add(borders[i - 1]!, borders[i]!, driver.defaults()));
  };
  for (const range of process.ranges.overlapping(start, end)) {
    if (range.start > at) fill(range.start);
    at = Math.min(range.end, end);
    if (range.mapped && changes.every(({ holds }) => holds(range))) continue;
    const isAligned = (vpn: number): boolean => vpn % 2 ** range.granularity === 0;
    let inside = range;
    if (range.start < start) {
      inside = process.splitAt(range, start);
      if (!isAligned(start)) cut.push(range);
    }
    if (inside.end > end) {
      const rest = process.splitAt(inside, end);
      if (!isAligned(end)) cut.push(rest);
    }
    changed.push(inside);
  }
  if (at < end) fill(end);
  return { changed, cut };
}

/** svm_range_trigger_migration: the whole range goes to its prefetch location, if it has one. */
function moveAhead(
  { isXnack, devices, sameHive, migration }: SvmDriver,
  mm: Mm,
  range: SvmRange,
): { readonly ret: string | null; readonly migrated: boolean } {
  const best = bestPrefetchLocation(range, isXnack, devices, sameHive);
  if (best === UNDEFINED || (best === CPU && range.actual === CPU)) return { ret: null, migrated: false };
  const ret =
    best === CPU
      ? migration.toRam(mm, range, range.start, range.end)
      : migration.toVram(mm, range, best, range.start, range.end);
  return { ret, migrated: ret === null };
}
