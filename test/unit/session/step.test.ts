import { expect, test } from 'vitest';
import { SessionClient } from '../../support/session-client';

test('a step services exactly one fault batch, also between lanes that fault together', async () => {
  const client = new SessionClient();
  try {
    await client.request('session.open', {
      target: { kind: 'example', id: 's4-oversubscribed-stencil' },
      options: { spool: false, deviceMemoryBytes: 16 * 2 ** 20 },
    });
    for (let batch = 1; batch <= 6000; batch++) {
      const status = await client.request('session.control', { action: 'step' });
      expect(status.batches).toBe(batch);
    }
    await client.finish();
    const stepped = await client.request('session.summary', null);
    await client.request('session.control', { action: 'restart' });
    await client.finish();
    const whole = await client.request('session.summary', null);
    expect(stepped.complete).toBe(true);
    expect(stepped.recordingHash).toBe(whole.recordingHash);
  } finally {
    client.close();
  }
});
