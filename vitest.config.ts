import { defineConfig } from 'vitest/config'

// The embedded engine takes whole cores and one data folder each: files run in a few processes, never threads,
// since a native engine cannot be loaded twice into one process.
export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    env: { UV_THREADPOOL_SIZE: '64' },
  },
})
