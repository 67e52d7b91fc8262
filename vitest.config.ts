import { defineConfig } from 'vitest/config'

// The embedded engine takes whole cores and one data folder each: files run in a few processes, never threads,
// since a native engine cannot be loaded twice into one process.
// What takes files away from whole processes is dear: `npm run test:files` runs it, and so does the gate.
const FILES = ['test/e2e/{backup,damaged-tables,erase,log-history,move}.test.ts']
const suite =
  process.env['TEST_SUITE'] === 'files'
    ? { include: FILES }
    : { include: ['test/**/*.test.ts'], exclude: ['**/node_modules/**', ...FILES] }

export default defineConfig({
  test: {
    ...suite,
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    env: { UV_THREADPOOL_SIZE: '64' },
  },
})
