import {
  constants,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2'
import { FIXED_LIMITS } from '../catalogue/limits/limits.ts'
import type { Http2Limits } from './http2-server.ts'

/** Data that all streams of a connection together may have in flight before we have read it. */
const CONNECTION_WINDOW_BYTES = 4 * 1024 * 1024
const SECOND_MS = 1_000
/** Time for the closing message to reach the client: a second round trip on slow networks. */
const NOTICE_MS = 100
const HIGHEST_STREAM = 2 ** 31 - 1

interface StreamHandlers {
  readonly onStream: (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => void
  readonly isLasting?: (headers: IncomingHttpHeaders) => boolean
}

/** One connection, from its first frame to its end. */
export class Http2Connection {
  readonly #session: ServerHttp2Session
  readonly #limits: Http2Limits
  #openStreams = 0
  #ending = false
  #quiet: NodeJS.Timeout
  #control = { frames: 0, streams: 0, sinceMs: 0 }
  #lastingStreams = 0
  #heartbeat: NodeJS.Timeout | undefined

  constructor(session: ServerHttp2Session, limits: Http2Limits, { onStream, isLasting }: StreamHandlers) {
    this.#session = session
    this.#limits = limits
    session.setLocalWindowSize(CONNECTION_WINDOW_BYTES)
    this.#quiet = setTimeout(() => this.cut(), limits.greetingMs)
    session.once('remoteSettings', () => this.#waitForStreams())
    session.on('remoteSettings', () => this.#countControl())
    session.on('ping', () => this.#countControl())
    session.on('stream', (stream, headers) => {
      if (isLasting?.(headers) === true) this.#followLasting(stream)
      else this.#follow(stream)
      onStream(stream, headers)
    })
    session.once('close', () => {
      clearTimeout(this.#quiet)
      clearInterval(this.#heartbeat)
    })
  }

  /** Tells the client to open no more streams, and ends when none is open. */
  end(): void {
    if (this.#ending || this.#session.destroyed) return
    this.#ending = true
    // Streams in transit are still answered; without this notice they would get no answer.
    this.#session.goaway(constants.NGHTTP2_NO_ERROR, HIGHEST_STREAM)
    this.#wait(NOTICE_MS, () => this.#endIfUnused())
  }

  cut(): void {
    this.#session.destroy()
  }

  #follow(stream: ServerHttp2Stream): void {
    const tooLong = setTimeout(() => this.cut(), this.#limits.streamMs)
    this.#count(stream, () => clearTimeout(tooLong))
  }

  #followLasting(stream: ServerHttp2Stream): void {
    this.#lastingStreams += 1
    if (this.#lastingStreams === 1) this.#beat()
    this.#count(stream, () => {
      this.#lastingStreams -= 1
      if (this.#lastingStreams === 0) clearInterval(this.#heartbeat)
    })
  }

  /** The other end of an idle connection may be gone without a word: machines lose power, and proxies forget connections. */
  #beat(): void {
    let isAnswered = true
    clearInterval(this.#heartbeat)
    this.#heartbeat = setInterval(() => {
      if (!isAnswered) return this.cut()
      isAnswered = false
      this.#session.ping(() => {
        isAnswered = true
      })
    }, this.#limits.heartbeatMs)
  }

  #count(stream: ServerHttp2Stream, onClose: () => void): void {
    this.#openStreams += 1
    this.#control.streams += 1
    if (!this.#ending) clearTimeout(this.#quiet)
    stream.once('close', () => {
      onClose()
      this.#openStreams -= 1
      if (this.#openStreams > 0) return
      if (this.#ending) this.#endIfUnused()
      else this.#waitForStreams()
    })
  }

  #waitForStreams(): void {
    if (!this.#ending && this.#openStreams === 0) this.#wait(this.#limits.idleMs, () => this.end())
  }

  #endIfUnused(): void {
    if (this.#openStreams > 0) return
    this.#session.close()
    // It waits for headers that have begun, and a client may never complete them.
    this.#wait(this.#limits.greetingMs, () => this.cut())
  }

  #wait(ms: number, then: () => void): void {
    clearTimeout(this.#quiet)
    if (!this.#session.destroyed) this.#quiet = setTimeout(then, ms)
  }

  #countControl(): void {
    const nowMs = performance.now()
    if (nowMs - this.#control.sinceMs > SECOND_MS) this.#control = { frames: 0, streams: 0, sinceMs: nowMs }
    this.#control.frames += 1
    // Go clients measure the round trip with a PING after each answer that they receive.
    const { controlFrames, controlFramesOfCall } = FIXED_LIMITS
    const allowed = controlFrames + controlFramesOfCall * this.#control.streams
    if (this.#control.frames <= allowed) return
    this.#session.goaway(constants.NGHTTP2_ENHANCE_YOUR_CALM)
    this.cut()
  }
}
