import type { EventBus } from '../core/catalogue/events/event-bus.ts'
import { endProcess } from '../core/runtime/end-process.ts'

/**
 * An uncaught error is a defect: the state of the process is unknown, but the log is intact. Exit, so that a supervisor
 * restarts the process.
 */
export function endOnDefect(events: EventBus): void {
  const end = (kind: string, error: unknown): void => {
    events.emit('processFailed', { kind }, error)
    endProcess(1)
  }
  process.on('uncaughtException', error => end('uncaughtException', error))
  process.on('unhandledRejection', reason => end('unhandledRejection', reason))
}
