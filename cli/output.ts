/**
 * Handles output that goes away: `| head`, a closed terminal, a restarted service manager, a full disk. A server
 * continues to serve; a client command ends as usual, quietly.
 */
import { WattlineError } from '../core/catalogue/errors/errors.ts'

/** Aborts when a write to stdout fails. */
const unread = new AbortController()
/** Aborts at the first failed write to stdout: the reader has gone, or the disk is full. */
export const outputClosed: AbortSignal = unread.signal

/** Call it once, before anything is written. */
export function outliveOutput(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    const isFirst = !unread.signal.aborted
    unread.abort(error)
    // A reader that closed the pipe is not a failure; an answer that could not be written is.
    if (isFirst && !isGone(error) && !isServing) fail(error)
  })
  process.stderr.on('error', () => undefined)
}

let isServing = false
/** Whether this process is a server. It then ends with `endProcess`, whatever still keeps it alive. */
export const isServer = (): boolean => isServing
/** From now on the process keeps running when its output is closed. */
export function serveWithoutOutput(): void {
  isServing = true
}

/** EIO: the terminal was closed. */
const isGone = ({ code }: NodeJS.ErrnoException): boolean => code === 'EPIPE' || code === 'EIO'

function fail(error: Error): void {
  const failure = new WattlineError('output_failed', `The answer could not be written: ${error.message}.`)
  process.stderr.write(`${failure}\n`)
  process.exitCode = 1
}
