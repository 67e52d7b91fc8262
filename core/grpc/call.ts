import type { IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2'
import { WattlineError } from '../catalogue/errors/errors.ts'
import { ClientGone } from '../http/collect.ts'
import { httpRefusal, timeoutMs } from './call-head.ts'
import { sendFailureStatus, sendHttpStatus, sendMessage } from './reply.ts'

/** How one call is handled. */
export interface CallHandler {
  /** Milliseconds that a client has to send its message. */
  readonly messageMs: number
  /**
   * Reads the message of the call and resolves with the answer; null: the call is answered in another way.
   * @param signal aborts when the message takes too long
   */
  readonly answer: (signal: AbortSignal) => Promise<Uint8Array | null>
  /** Counts what `answer` threw, and says what the client gets. */
  readonly refusal: (error: unknown) => WattlineError
}

/** Handles one call from its headers to its answer. Never throws; a client that has disconnected gets no answer. */
export async function serveCall(
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
  { messageMs, answer, refusal }: CallHandler,
): Promise<void> {
  // An error on the stream also closes it, and the close event is handled.
  stream.on('error', () => {})
  const status = httpRefusal(headers)
  if (status !== undefined) {
    sendHttpStatus(stream, status)
    return
  }
  const patience = new AbortController()
  const ms = Math.min(messageMs, timeoutMs(headers))
  const timer = setTimeout(() => patience.abort(tooSlow(ms)), ms)
  try {
    const message = await answer(patience.signal)
    if (message !== null) sendMessage(stream, message)
  } catch (error) {
    if (error instanceof ClientGone) return
    sendFailureStatus(stream, refusal(error))
  } finally {
    clearTimeout(timer)
  }
}

const tooSlow = (ms: number): WattlineError =>
  new WattlineError('deadline_exceeded', `The message did not arrive within ${ms} ms.`)
