/** The handler of userfaultfd ranges: answers each missing page with zeros. */
import { entryAt } from '../../kernel/page-table';
import { vmaAt, type Mm } from '../../kernel/mm';
import { uffdCopy } from '../../kernel/userfaultfd';
import type { Granule } from '../../base/indices';
import type { LinuxHost } from './backend';
import { USERFAULT } from './costs';

/** false: the page is not registered. */
export function answerUserfault(host: LinuxHost, granule: Granule): boolean {
  const mm = host.processes.of(granule)?.mm;
  const vpn = host.map.vpn(granule);
  if (!mm || vmaAt(mm, vpn)?.uffdMissing !== true) return false;
  host.spend(USERFAULT.value);
  return uffdCopy(host.kernel, mm, vpn, null) === null;
}

/** What is missing of pages [start, end), for a driver that faults them in itself; false: nothing was. */
export function answerUserfaults(host: LinuxHost, mm: Mm, start: number, end: number): boolean {
  let answered = false;
  for (let vpn = start; vpn < end; vpn++) {
    const granule = host.processes.granule(mm, vpn);
    if (granule >= 0 && !entryAt(mm, vpn) && answerUserfault(host, granule)) answered = true;
  }
  return answered;
}
