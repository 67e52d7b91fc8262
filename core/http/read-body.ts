import type { IncomingMessage } from 'node:http'
import { BodySink, type ReceivedBody, type SinkOptions, tooLarge } from './body-sink.ts'
import type { BufferPool } from './buffer-pool.ts'
import { receive } from './collect.ts'
import type { BodyCoding } from './content-coding.ts'
import { inflated } from './inflate.ts'

interface BodyOptions extends SinkOptions {
  readonly coding: BodyCoding
  /** Called when the headers are valid, just before the first byte is read. */
  readonly beforeBody: () => void
}

/**
 * Reads a body within its limit, also after decompression: decompression stops at the limit, whatever the full size
 * would be. Throws `body_too_large`, `body_undecodable`, what `reserve` throws, or `ClientGone`. After an error the
 * rest of the body is discarded, so that the connection can be answered and reused.
 */
async function readBody(request: IncomingMessage, options: BodyOptions): Promise<ReceivedBody> {
  const announced = announcedBytes(request)
  if (announced !== undefined && announced > options.maxBytes) throw tooLarge(options.maxBytes)
  if (announced !== undefined) options.reserve(announced)
  // node:http copies each chunk itself.
  const received = new BodySink(options, announced ?? 0, true)
  options.beforeBody()
  try {
    await receive(
      request,
      chunk => received.add(chunk),
      () => request.complete,
    )
  } catch (error) {
    received.release()
    request.resume()
    throw error
  }
  const body = received.body()
  return options.coding === 'identity' ? body : await inflated(options.coding, body, options)
}

/**
 * Reads the body of an admitted request, passes it on, and releases its memory after use; releases the admission in any
 * case. Throws as `readBody` does, or what `use` throws.
 */
export async function withBody<Result>(
  request: IncomingMessage,
  parts: { readonly pool: BufferPool; readonly maxBodyBytes: number },
  admission: { reserve(bytes: number): void; close(): void },
  { coding, beforeBody }: Pick<BodyOptions, 'coding' | 'beforeBody'>,
  use: (bytes: Uint8Array) => Promise<Result>,
): Promise<Result> {
  try {
    const body = await readBody(request, {
      coding,
      maxBytes: parts.maxBodyBytes,
      pool: parts.pool,
      reserve: bytes => admission.reserve(bytes),
      beforeBody,
    })
    const result = await use(body.bytes)
    // Not after a failure: an append that timed out may still be reading the body.
    body.release()
    return result
  } finally {
    admission.close()
  }
}

/** Content-Length, or undefined for a chunked body. */
function announcedBytes(request: IncomingMessage): number | undefined {
  const header = request.headers['content-length']
  return header === undefined ? undefined : Number(header)
}
