import type { OutgoingHttpHeaders, ServerHttp2Stream } from 'node:http2'
import type { WattlineError } from '../catalogue/errors/errors.ts'
import { framed, HEADERS, isGone, OK, statusTrailers } from './reply.ts'

/**
 * Messages of a call that goes on, each of which replaces the one before: a client that reads slowly gets the newest, and at
 * most one message waits for it in memory.
 */
export class NewestMessages {
  readonly #stream: ServerHttp2Stream
  #waiting: Uint8Array | undefined
  #isSending = false
  #trailers: OutgoingHttpHeaders | undefined

  /** Sends the headers of the answer. The request must have been read to its end. */
  constructor(stream: ServerHttp2Stream) {
    this.#stream = stream
    if (isGone(stream)) return
    stream.respond(HEADERS, { waitForTrailers: true })
    stream.once('wantTrailers', () => stream.sendTrailers(this.#trailers ?? OK))
  }

  send(message: Uint8Array): void {
    if (this.#isSending) this.#waiting = message
    else this.#write(message)
  }

  /** Ends the call with a status; a message that waits is left out. */
  fail(failure: WattlineError): void {
    this.#waiting = undefined
    if (this.#trailers !== undefined) return
    this.#trailers = statusTrailers(failure)
    if (!isGone(this.#stream)) this.#stream.end()
  }

  #write(message: Uint8Array): void {
    if (isGone(this.#stream) || this.#trailers !== undefined) return
    this.#isSending = true
    this.#stream.write(framed(message), () => {
      this.#isSending = false
      const waiting = this.#waiting
      this.#waiting = undefined
      if (waiting !== undefined) this.#write(waiting)
    })
  }
}
