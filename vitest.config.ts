import { defineConfig } from 'vitest/config'
import { COMPILED } from './test/support/compiled.ts'
import { suites } from './test/support/suites.ts'
import { WaitingFirst } from './test/support/waiting-first.ts'

const { unit, integration, proofs } = suites()

export default defineConfig({
  test: {
    // Processes, never threads: a native engine cannot be loaded twice into one process, and some tests measure their
    // own process.
    pool: 'forks',
    // Node reads TypeScript itself, and keeps what it has compiled. Vite's transforms and module runner cost every process more.
    experimental: { viteModuleRunner: false },
    // For two cores: tests that start processes wait more than half of the time.
    maxWorkers: 4,
    // Longer than tests wait for a state, so that the error of the wait is shown.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // On a busy machine a state may take long; the default of 1 s would be a race.
    expect: { poll: { timeout: 30_000 } },
    sequence: { sequencer: WaitingFirst },
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: [...unit],
          setupFiles: ['test/support/no-processes.ts'],
          // One process runs many files: starting one for each, and importing the same modules again, took half of the
          // time.
          isolate: false,
          unstubEnvs: true,
          restoreMocks: true,
          env: { NODE_COMPILE_CACHE: COMPILED },
        },
      },
      // The embedded engine uses whole cores, and a thread of libuv's pool for each query.
      ...(['integration', 'proofs'] as const).map(name => ({
        extends: true as const,
        test: {
          name,
          include: [...(name === 'proofs' ? proofs : integration)],
          // Some start a dozen processes one after another.
          testTimeout: 300_000,
          hookTimeout: 300_000,
          env: {
            UV_THREADPOOL_SIZE: '64',
            NODE_COMPILE_CACHE: COMPILED,
            ...(name === 'proofs' ? { TEST_SCALE: '8' } : {}),
          },
        },
      })),
    ],
  },
})
