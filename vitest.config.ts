import { defineConfig } from 'vitest/config'
import { suites } from './test/support/suites.ts'
import { WaitingFirst } from './test/support/waiting-first.ts'

const { unit, integration, proofs } = suites()

export default defineConfig({
  test: {
    // Processes, never threads: a native engine cannot be loaded twice into one, and some tests measure their own.
    pool: 'forks',
    // For two cores: tests of processes wait about half of their time.
    maxWorkers: 3,
    // Longer than what waits for a state has patience, so that its error is seen.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // What is waited for comes in its own time on a busy machine; the default of 1 s is a race against it.
    expect: { poll: { timeout: 30_000 } },
    sequence: { sequencer: WaitingFirst },
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: [...unit],
          setupFiles: ['test/support/no-processes.ts'],
          // One process runs many files: starting one each, and importing the same modules again, took half the time.
          isolate: false,
          unstubEnvs: true,
          restoreMocks: true,
        },
      },
      // The embedded engine takes whole cores and a thread of libuv's pool for each query.
      ...(['integration', 'proofs'] as const).map(name => ({
        extends: true as const,
        test: {
          name,
          include: [...(name === 'proofs' ? proofs : integration)],
          // Some start a dozen processes one after the other.
          testTimeout: 300_000,
          hookTimeout: 300_000,
          env: { UV_THREADPOOL_SIZE: '64', ...(name === 'proofs' ? { TEST_SCALE: '8' } : {}) },
        },
      })),
    ],
  },
})
