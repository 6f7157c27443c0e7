/** The handler of userfaultfd ranges: answers each missing page with zeros. */
import { CPU } from '../../model/processor';
import type { Mm } from '../linux/mm';
import { uffdCopy } from '../linux/userfaultfd';
import { vmaAt } from '../linux/mm';
import type { LinuxHost } from './backend';
import { USERFAULT } from './costs';

/** false: nobody registered the page. */
export function answerUserfault({ clocks, kernel, config }: LinuxHost, mm: Mm, vpn: number): boolean {
  if (vmaAt(mm, vpn)?.uffdMissing !== true) return false;
  if (config.machine.timing) clocks.reach(CPU, clocks.now(CPU) + USERFAULT.value);
  return uffdCopy(kernel, mm, vpn, null) === null;
}
