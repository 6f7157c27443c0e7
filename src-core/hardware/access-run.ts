import type { AccessRun } from '../contracts/accessed-memory';
import { READ, type AccessOp } from '../model/processor';
import { type Granule, asGranule } from '../base/indices';

/** A run that can be filled again and again; each executor of accesses owns one. */
export class ReusedRun implements AccessRun {
  granule: Granule = asGranule(0);
  op: AccessOp = READ;
  address = 0;
  stride = 0;
  count = 0;
  bytes = 0;
}
