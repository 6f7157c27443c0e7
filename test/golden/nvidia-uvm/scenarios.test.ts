import { describe, expect, it } from 'vitest';
import { count, scenarios } from './scenarios';

describe('NVIDIA UVM counts what its decisions imply', () => {
  it.each(scenarios.map((scenario) => [scenario.id, scenario] as const))('%s', async (_, scenario) => {
    expect(await count(scenario), scenario.because).toEqual(scenario.counts);
  });
});
