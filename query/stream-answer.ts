/** Sends an answer that comes in pieces: status first once the beginning is known to be good, then at the reader's pace. */
import { Readable } from 'node:stream'
import { createGzip } from 'node:zlib'
import type { FastifyReply } from 'fastify'

/** An error within the first bytes still becomes a proper status: so many are held back. */
const HEAD_BYTES = 65_536

/**
 * Sends the pieces and resolves when the reader has them all or went away. An error in the first `HEAD_BYTES` is thrown
 * before anything is sent; later it is handed to `onLate`, whose bytes end the body; when it has none the connection is
 * cut.
 */
export async function sendPieces(
  reply: FastifyReply,
  chunks: AsyncIterable<Uint8Array>,
  options: { readonly gzip: boolean; readonly onLate: (error: unknown) => Uint8Array },
): Promise<void> {
  const source = chunks[Symbol.asyncIterator]()
  const head: Uint8Array[] = []
  let held = 0
  let ended = false
  while (!ended && held < HEAD_BYTES) {
    const next = await source.next()
    if (next.done === true) ended = true
    else {
      head.push(next.value)
      held += next.value.length
    }
  }
  async function* body(): AsyncGenerator<Uint8Array> {
    try {
      yield* head
      if (ended) return
      for (let next = await source.next(); next.done !== true; next = await source.next()) yield next.value
      ended = true
    } catch (error) {
      ended = true
      const last = options.onLate(error)
      // Without words to end with, only a cut connection tells the reader that the answer is not whole.
      if (last.length === 0) throw error
      yield last
    } finally {
      if (!ended) await source.return?.()
    }
  }
  const plain = Readable.from(body(), { objectMode: false })
  if (options.gzip) reply.header('content-encoding', 'gzip').header('vary', 'accept-encoding')
  const stream = options.gzip ? plain.pipe(createGzip({ level: 1 })) : plain
  if (stream !== plain) plain.once('error', error => stream.destroy(error))
  const done = new Promise<void>(resolve => {
    reply.raw.once('close', resolve)
  })
  // The engine stops when nobody reads on: closing the reply ends the generator, which ends the query.
  reply.raw.once('close', () => plain.destroy())
  reply.send(stream)
  await done
}
