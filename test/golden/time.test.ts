import { it } from 'vitest';
import { runExample } from '../support/session-client';
it('t', async () => {
  for (const [id, gs] of [['s1-jacobi-residual',[4096,65536,2097152]],['s2-flag-sharing',[4096,65536,2097152]],['s3-linked-list',[4096,65536,2097152]],['s3-linked-list-48m',[4096,65536,2097152]],['s4-oversubscribed-stencil',[65536]],['s4-alternating',[65536]],['s5-embedding-zipf',[4096,65536,2097152]],['s8-read-mostly',[4096]],['s9-first-touch-triad',[4096,65536,2097152]],['s10-dgemm-on-malloc',[2097152]]] as const)
    for (const granularity of gs) {
      const t = performance.now();
      const s = await runExample(id, { machine: 'r0', granularity });
      console.log(id, granularity, Math.round(performance.now() - t), 'ms', JSON.stringify({ ...s.totals }), s.expectations.filter((e) => !e.holds).length);
    }
  const t = performance.now();
  const s = await runExample('s4-oversubscribed-stencil', { machine: 'r0', granularity: 65536, policies: [{ kind: 'eviction', id: 'belady' }] });
  console.log('belady', Math.round(performance.now() - t), s.totals.gpuFaults);
}, 600000);
