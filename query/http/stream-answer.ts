/** Sends an answer in chunks: the status when the beginning is known to be good, the rest at the client's pace. */
import { Readable } from 'node:stream'
import type { FastifyReply } from 'fastify'
import { type ContentCoding, encoder } from '../codings/content-codings.ts'
import { type ReaderLimits, watchReader } from './slow-reader.ts'

/** Part that is held back, so that an error within it can still set the status. */
const HEAD_BYTES = 65_536
/** Passed on in slices of this size, so that a slow client can be distinguished from one that has stopped. */
const SLICE_BYTES = 65_536

/** How an answer is encoded, ended and limited. */
export interface SendOptions {
  /** Undefined: none. */
  readonly coding: ContentCoding | undefined
  /** Ends the body when the answer fails later; if it returns nothing, the connection is cut. */
  readonly onLate: (error: unknown) => Uint8Array
  readonly reader: ReaderLimits
  /** Part that is held back; default 64 KiB. */
  readonly headBytes?: number
  /** Called before the headers are sent. @param isWhole the answer has ended */
  readonly onHead?: (isWhole: boolean) => void
}

/**
 * Sends the chunks and resolves when the client has them all, has disconnected, or was cut off for reading too slowly.
 * An error in the first `HEAD_BYTES` is thrown before anything is sent; a later one is passed to `onLate`, whose bytes
 * end the body; if it returns none, the connection is cut.
 */
export async function sendChunks(
  reply: FastifyReply,
  chunks: AsyncIterable<Uint8Array>,
  options: SendOptions,
): Promise<void> {
  const source = chunks[Symbol.asyncIterator]()
  const { head, ended } = await readHead(source, options.headBytes ?? HEAD_BYTES)
  // Answered in another way, or abandoned, meanwhile.
  if (reply.sent || reply.raw.destroyed) {
    await source.return?.()
    return
  }
  const watch = watchReader(options.reader, () => reply.raw.destroy())
  const plain = Readable.from(bodyOf({ head, source, ended, watch, onLate: options.onLate }), {
    objectMode: false,
  })
  options.onHead?.(ended)
  const { coding } = options
  if (coding !== undefined) {
    const vary = [reply.getHeader('vary'), 'accept-encoding'].filter(one => one !== undefined)
    reply.header('content-encoding', coding).header('vary', vary.join(', '))
  }
  const stream = coding === undefined ? plain : plain.pipe(encoder(coding))
  if (stream !== plain) plain.once('error', error => stream.destroy(error))
  const done = new Promise<void>(resolve => {
    reply.raw.once('close', resolve)
  })
  // Closing the reply ends the generator, which ends the query in the engine.
  reply.raw.once('close', () => plain.destroy())
  reply.send(stream)
  await done
  watch.stop()
}

async function readHead(
  source: AsyncIterator<Uint8Array>,
  headBytes: number,
): Promise<{ readonly head: readonly Uint8Array[]; readonly ended: boolean }> {
  const head: Uint8Array[] = []
  for (let held = 0; held < headBytes; ) {
    const next = await source.next()
    if (next.done === true) return { head, ended: true }
    head.push(next.value)
    held += next.value.length
  }
  return { head, ended: false }
}

interface StreamedBody {
  readonly head: readonly Uint8Array[]
  readonly source: AsyncIterator<Uint8Array>
  ended: boolean
  readonly watch: ReturnType<typeof watchReader>
  readonly onLate: SendOptions['onLate']
}

async function* bodyOf(body: StreamedBody): AsyncGenerator<Uint8Array> {
  const { head, source, watch } = body
  async function* handed(chunk: Uint8Array): AsyncGenerator<Uint8Array> {
    for (let start = 0; start < chunk.length; start += SLICE_BYTES) {
      watch.handed()
      yield chunk.subarray(start, start + SLICE_BYTES)
    }
  }
  const next = async (): Promise<IteratorResult<Uint8Array>> => {
    watch.waitsForUs()
    const found = await source.next()
    body.ended = found.done === true
    return found
  }
  try {
    for (const chunk of head) yield* handed(chunk)
    if (!body.ended)
      for (let found = await next(); found.done !== true; found = await next()) yield* handed(found.value)
  } catch (error) {
    body.ended = true
    const last = body.onLate(error)
    // Without a closing message, only a cut connection tells the reader that the answer is incomplete.
    if (last.length === 0) throw error
    yield* handed(last)
  } finally {
    watch.handed()
    if (!body.ended) await source.return?.()
  }
}
