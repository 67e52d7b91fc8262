import { counter, type EventDeclaration } from './declaration.ts'

/** Start and end of the process, and of the processes that it starts. */
export const PROCESS_EVENTS = {
  processStarted: { level: 'info' },
  /** A neighbour is away at start: reported at once, and again every 10 s until it is there. */
  startWaits: { level: 'warn' },
  processStopping: { level: 'info' },
  processStopped: { level: 'info' },
  processFailed: { level: 'error' },
  workerStarted: { level: 'info' },
  /** By itself, or silent for so long that it was killed. */
  workerEnded: {
    level: 'error',
    counter: counter(
      'wattline_worker_ends_total',
      'Processes of a collector of several that ended unasked; each is started again',
      'process',
    ),
  },
} as const satisfies Record<string, EventDeclaration>
