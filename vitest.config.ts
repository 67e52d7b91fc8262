import { defineConfig } from 'vitest/config'
import { suites } from './test/support/suites.ts'

const { unit, integration, proofs } = suites()

// The embedded engine takes whole cores and one data folder each: files run in a few processes, never threads,
// since a native engine cannot be loaded twice into one process.
const native = { pool: 'forks', env: { UV_THREADPOOL_SIZE: '64' } } as const

export default defineConfig({
  test: {
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    projects: [
      {
        extends: true,
        test: { name: 'unit', include: [...unit], setupFiles: ['test/support/no-processes.ts'] },
      },
      { extends: true, test: { name: 'integration', include: [...integration], ...native } },
      { extends: true, test: { name: 'proofs', include: [...proofs], ...native } },
    ],
  },
})
