import { afterAll, expect, test } from 'vitest';
import { MAX_STEPS } from '../../../src-core/model/timeline';
import { SessionClient } from '../../support/session-client';

const client = new SessionClient();
afterAll(() => {
  client.close();
});

test('a timeline reaches to the end of the run, and occupancy stays, although nothing happens there', async () => {
  await client.run({ kind: 'example', id: 's9-first-touch-triad' }, { spool: false });
  const { extentTo } = await client.request('session.status', null);
  const answer = await client.request('session.timeline', { from: 0, to: extentTo, bins: 500 });
  expect(answer.to).toBeGreaterThanOrEqual(extentTo);
  for (const track of answer.tracks.filter(({ group }) => group === 'occupancy'))
    expect(track.values.at(-1)).toBe(128 * 1024 * 1024);
});

test('steps are listed by name while they are few, and counted when they are many', async () => {
  await client.run({ kind: 'example', id: 's1-jacobi-residual' }, { spool: false });
  const { extentTo } = await client.request('session.status', null);
  const whole = await client.request('session.timeline', { from: 0, to: extentTo, bins: 100 });
  expect(whole.steps.map(({ name }) => name)).toContain('jacobi_kernel');
  expect(whole.steps).toHaveLength(201); // init, and 100 times a kernel and a norm
  expect(whole.steps.length).toBeLessThanOrEqual(MAX_STEPS);
  for (const step of whole.steps) expect(step.to).toBeGreaterThanOrEqual(step.from);
  const part = await client.request('session.timeline', {
    from: extentTo / 2,
    to: extentTo / 2 + extentTo / 50,
    bins: 100,
  });
  expect(part.steps.length).toBeLessThan(12);
  await client.run({ kind: 'example', id: 's2-flag-sharing' }, { spool: false });
  const many = await client.request('session.timeline', {
    from: 0,
    to: (await client.request('session.status', null)).extentTo,
    bins: 100,
  });
  expect(many.steps).toEqual([]);
  expect(many.stepsOmitted).toBe(3001);
});
