import vue from '@vitejs/plugin-vue';
import { defineConfig } from 'vitest/config';
import { EndToEndByName } from './test/support/e2e-order.ts';

export default defineConfig({
  plugins: [vue()],
  test: {
    // A lone `.only` would hide every other test of its file in CI.
    allowOnly: false,
    sequence: { sequencer: EndToEndByName },
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['test/main/**/*.test.ts', 'test/renderer/**/*.test.ts'],
          testTimeout: 20_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'integration',
          include: ['test/integration/**/*.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 180_000,
          // Each file has its own PostgreSQL processes; two cores carry one such file at a time.
          fileParallelism: false,
        },
      },
      {
        extends: true,
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          testTimeout: 180_000,
          hookTimeout: 180_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
