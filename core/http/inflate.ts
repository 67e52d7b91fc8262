import type { Transform } from 'node:stream'
import {
  constants,
  createGunzip,
  createInflate,
  createZstdDecompress,
  gunzipSync,
  type ZlibOptions,
} from 'node:zlib'
import { WattlineError } from '../catalogue/errors/errors.ts'
import { FIXED_LIMITS } from '../catalogue/limits/limits.ts'
import { BodySink, type ReceivedBody, type SinkOptions } from './body-sink.ts'
import { collect } from './collect.ts'
import type { BodyCoding } from './content-coding.ts'

type Compression = Exclude<BodyCoding, 'identity'>

/** Decompresses what was received, and releases it. Throws as `BodySink` does, and `body_undecodable`. */
export async function inflated(
  coding: Compression,
  received: ReceivedBody,
  options: SinkOptions,
): Promise<ReceivedBody> {
  const body = coding === 'gzip' ? gunzippedAtOnce(received.bytes, options) : undefined
  if (body !== undefined) {
    received.release()
    return body
  }
  const sink = new BodySink(options, 0)
  try {
    await inflate(coding, received.bytes, sink)
  } catch (error) {
    sink.release()
    // The received data is left to the garbage collector: another thread may still be using it.
    throw error
  }
  received.release()
  return sink.body()
}

/** Bodies of up to this size are decompressed on this thread, in less time than they take to decode. */
const AT_ONCE_BYTES = 1024 * 1024
/** Header and trailer of gzip (RFC 1952). */
const GZIP_BYTES = 18
/** Deflate cannot expand a byte to more than this. */
const DEFLATE_RATIO = 1032

/** With `info`, gunzipSync also returns its engine, which knows how much of the input it consumed. */
type Gunzipped = { readonly buffer: Buffer<ArrayBuffer>; readonly engine: { readonly bytesWritten: number } }

/**
 * Decompresses a body whose trailer announces a small size into one buffer of that size: handing it to another thread
 * and collecting chunks would cost more than decompressing it. Undefined for anything unusual: the other way reports
 * the error. Throws what `reserve` throws.
 */
function gunzippedAtOnce(received: Uint8Array, { maxBytes, reserve }: SinkOptions): ReceivedBody | undefined {
  if (received.length < GZIP_BYTES) return undefined
  const size = Buffer.from(received.buffer, received.byteOffset, received.length).readUInt32LE(
    received.length - 4,
  )
  if (size > Math.min(AT_ONCE_BYTES, maxBytes, received.length * DEFLATE_RATIO)) return undefined
  reserve(size)
  // One byte more: zlib allocates another buffer when one is full. Below the size of Node's pool it would be a part of
  // that pool.
  const chunkSize = Math.max(size + 1, Buffer.poolSize)
  const options: ZlibOptions = { chunkSize, maxOutputLength: Math.max(size, 1), info: true }
  try {
    const { buffer, engine } = gunzipSync(received, options) as unknown as Gunzipped
    if (engine.bytesWritten !== received.length) return undefined
    return { bytes: buffer, release: () => void buffer.buffer.transfer(0) }
  } catch {
    return undefined
  }
}

/** `bytesWritten`: bytes of input consumed. */
type Inflater = Transform & { readonly bytesWritten: number }

/** The engine processes one frame per call; more frames are an attempt to keep the process busy, not telemetry. */
const MAX_FRAMES = FIXED_LIMITS.frames

/**
 * If a chunk contains several zstd frames, node:zlib (24.21) silently decodes only the first, so the rest is
 * decompressed again until nothing is left.
 */
async function inflate(coding: Compression, received: Uint8Array, sink: BodySink): Promise<void> {
  let rest = received
  for (let frame = 0; frame < MAX_FRAMES; frame++) {
    const inflater = createInflater(coding, rest.length)
    try {
      const inflated = collect(inflater, chunk => sink.add(chunk), undecodable)
      inflater.end(rest)
      await inflated
      rest = rest.subarray(inflater.bytesWritten)
    } finally {
      inflater.destroy()
    }
    if (rest.length === 0) return
    if (inflater.bytesWritten === 0) break
  }
  throw undecodable(new Error('it has data after its end'))
}

/** Chunks near the expected size: the default of 16 KiB more than doubles the cost of a request. */
function createInflater(coding: Compression, inputBytes: number): Inflater {
  const chunkSize = Math.min(1024 * 1024, Math.max(16 * 1024, inputBytes * 4))
  if (coding === 'gzip') return createGunzip({ chunkSize })
  // HTTP's deflate has a zlib header (RFC 9110, 8.4.1.2).
  if (coding === 'deflate') return createInflate({ chunkSize })
  // A frame may request a window of 128 MiB before its first byte comes out.
  return createZstdDecompress({
    chunkSize,
    params: { [constants.ZSTD_d_windowLogMax]: FIXED_LIMITS.zstdWindowLog },
  })
}

const undecodable = (error: Error): WattlineError =>
  new WattlineError('body_undecodable', `The body cannot be decompressed: ${error.message}.`, {
    cause: error,
  })
