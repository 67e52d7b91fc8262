import { counter, type EventDeclaration } from './declaration.ts'

/** Start and end of the process, and of the processes that it starts. */
export const PROCESS_EVENTS = {
  processStarted: { level: 'info' },
  /** A neighbour cannot be reached at start: reported at once, and again every 10 s until it can. */
  startWaits: { level: 'warn' },
  processStopping: { level: 'info' },
  processStopped: { level: 'info' },
  processFailed: { level: 'error' },
  workerStarted: { level: 'info' },
  /** The worker exited by itself, or was killed because it was silent for too long. */
  workerEnded: {
    level: 'error',
    counter: counter(
      'wattline_worker_ends_total',
      'Collector processes that ended unexpectedly; each is restarted',
      'process',
    ),
  },
} as const satisfies Record<string, EventDeclaration>
