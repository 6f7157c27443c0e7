import vue from '@vitejs/plugin-vue';
import { defineConfig } from 'vitest/config';

const slowMs = 60_000;

/** Suites that share nothing and run side by side. */
const suites = ['unit', 'contract', 'golden', 'property', 'simulate', 'oracle', 'arch'].map((name) => ({
  plugins: [vue()],
  test: { name, include: [`test/${name}/**/*.test.ts`], testTimeout: slowMs, sequence: { groupOrder: 0 } },
}));

/** End-to-end walks in real Electron and real Chromium: one at a time, after the others. */
const ui = {
  test: {
    name: 'ui',
    include: ['test/ui/**/*.test.ts'],
    globalSetup: ['test/support/ui-environment.ts'],
    testTimeout: 2 * slowMs,
    hookTimeout: 2 * slowMs,
    fileParallelism: false,
    maxWorkers: 1,
    sequence: { groupOrder: 1 },
  },
};

export default defineConfig({
  test: { projects: [...suites, ui], passWithNoTests: false },
});
