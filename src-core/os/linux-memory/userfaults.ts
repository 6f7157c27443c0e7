/** The handler of userfaultfd ranges: answers each missing page with zeros. */
import { vmaAt, type Mm } from '../linux/mm';
import { uffdCopy } from '../linux/userfaultfd';
import type { LinuxHost } from './backend';
import { USERFAULT } from './costs';

/** false: nobody registered the page. */
export function answerUserfault(host: LinuxHost, mm: Mm, vpn: number): boolean {
  if (vmaAt(mm, vpn)?.uffdMissing !== true) return false;
  host.spend(USERFAULT.value);
  return uffdCopy(host.kernel, mm, vpn, null) === null;
}
