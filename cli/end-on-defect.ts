import type { EventBus } from '../core/catalogue/events/event-bus.ts'
import { endProcess } from '../core/runtime/end-process.ts'

/** What nobody caught is a defect of ours. The state of the process is unknown, the log's is not: end, and start anew. */
export function endOnDefect(events: EventBus): void {
  const end = (kind: string, error: unknown): void => {
    events.emit('processFailed', { kind }, error)
    endProcess(1)
  }
  process.on('uncaughtException', error => end('uncaughtException', error))
  process.on('unhandledRejection', reason => end('unhandledRejection', reason))
}
