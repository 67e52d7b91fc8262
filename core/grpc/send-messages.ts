import {
  constants,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
  type ServerHttp2Stream,
} from 'node:http2'
import { WattlineError } from '../catalogue/errors/errors.ts'
import { ClientGone } from '../http/collect.ts'
import { timeoutMs } from './call-head.ts'
import { framed, HEADERS, isGone, OK, statusTrailers } from './reply.ts'

/** A client that reads nothing for this long has stopped reading. */
const STALL_MS = 10_000

/**
 * Sends the messages as fast as the client reads them: one waits in memory. A failure before the first one is thrown; a later one
 * is the status of the call. When the client has disconnected or its deadline is over, the signal aborts.
 */
export async function sendMessages(
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
  messages: (signal: AbortSignal) => AsyncIterable<Uint8Array>,
  refusal: (error: unknown) => WattlineError,
): Promise<void> {
  const over = new AbortController()
  stream.once('close', () => over.abort(new ClientGone()))
  if (isGone(stream)) throw new ClientGone()
  const ms = timeoutMs(headers)
  const timer = Number.isFinite(ms) ? setTimeout(() => over.abort(tooLate(ms)), ms) : undefined
  const source = messages(over.signal)[Symbol.asyncIterator]()
  let trailers: OutgoingHttpHeaders = OK
  const sendHead = (): void => {
    if (stream.headersSent || isGone(stream)) return
    stream.respond(HEADERS, { waitForTrailers: true })
    stream.once('wantTrailers', () => stream.sendTrailers(trailers))
  }
  try {
    for (let next = await source.next(); next.done !== true; next = await source.next()) {
      over.signal.throwIfAborted()
      sendHead()
      if (!stream.write(framed(next.value))) await drained(stream, over.signal)
    }
    sendHead()
  } catch (error) {
    if (!stream.headersSent || error instanceof ClientGone) throw error
    trailers = statusTrailers(refusal(error))
  } finally {
    clearTimeout(timer)
    await source.return?.()
  }
  if (!isGone(stream)) stream.end()
}

function drained(stream: ServerHttp2Stream, signal: AbortSignal): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const onAbort = (): void => reject(signal.reason as Error)
  const timer = setTimeout(() => stream.close(constants.NGHTTP2_CANCEL), STALL_MS)
  stream.once('drain', resolve)
  signal.addEventListener('abort', onAbort, { once: true })
  if (signal.aborted) onAbort()
  return promise.finally(() => {
    clearTimeout(timer)
    stream.off('drain', resolve)
    signal.removeEventListener('abort', onAbort)
  })
}

const tooLate = (ms: number): WattlineError =>
  new WattlineError('deadline_exceeded', `The answer was not complete within the ${ms} ms of the client.`)
