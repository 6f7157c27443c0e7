import { it } from 'vitest';
import { entryAt } from '../../src-core/os/linux/page-table';
import { vmaAt } from '../../src-core/os/linux/mm';
import { runSeed } from './run';

it('traces', () => {
  const seed = Number(process.env.SEED);
  const [mmId, vpn] = (process.env.WATCH ?? '0:0').split(':').map(Number);
  let last = '';
  const { failure } = runSeed(seed, {
    trace: (step, operation, world) => {
      const mm = world.kernel.mms().find((m) => m.id === mmId);
      const e = mm && entryAt(mm, vpn!);
      const p = e?.entry.page;
      const vma = mm && vmaAt(mm, vpn!);
      const now = e
        ? `${e.entry.state} huge=${e.huge} w=${e.entry.write} d=${e.entry.dirty} slot=${e.entry.slot} page=${p?.kind}:${p?.pfn} head=${p?.head.pfn} ref=${p?.head.refcount} rmap=${p?.head.rmap.length} ex=${p?.anonExclusive} lock=${p?.head.locked} dirty=${p?.head.dirty} lazy=${p?.head.lazyFree} lru=${p?.head.onLru} data=${p?.data?.slice(0, 3)} pins=${p?.head.pins} file=${p?.head.file?.name}`
        : 'none';
      const line = `${now} vma=${vma ? `${vma.start}-${vma.end} ${vma.prot} shared=${vma.shared} file=${vma.file?.name}` : 'none'} ref=${world.processes.find((q) => q.process.mm === mm)?.space.pages.get(vpn!)?.value}`;
      if (line !== last) console.log(`${step} ${operation}: ${line}`);
      last = line;
      if (process.env.ALL)
        console.log(
          `${step} ${operation} open=${world.open.map((o) => `${o.device.name}/${o.args?.mm.id}/${o.args?.start}-${o.args?.end}`).join()} used=${world.kernel.used}/${world.kernel.config.nodes[0]!.pages} dev=${world.devices.map((d) => `${d.memory.kind}:${d.memory.usedPages}/${d.memory.capacity}`).join()} ${world.kernel.config.profile}`,
        );
    },
  });
  console.log(failure && `${failure.property}@${failure.step} ${failure.operation}: ${failure.wrong.join('\n')}`);
});
