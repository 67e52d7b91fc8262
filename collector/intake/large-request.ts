import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Config } from '../../core/catalogue/config/schema.ts'
import { WattlineError } from '../../core/catalogue/errors/errors.ts'
import { FIXED_LIMITS } from '../../core/catalogue/limits/limits.ts'
import {
  type Builders,
  createBuilders,
  type IngestResult,
  releaseBuilders,
  SIGNAL_BUILDERS,
  type Signal,
} from '../otlp/signals.ts'
import { splitRequest } from '../otlp/split.ts'
import type { RecognisedPoints } from '../readings/recognised-points.ts'
import { addCounts, type Decoded } from './decode-into.ts'

/**
 * A body of more than this gets its own records. In a shared batch it could not be split: its first part might be
 * stored before its last part proves undecodable, and the client would get the answer that nothing was stored.
 */
export const LARGE_BODY_BYTES = 4 * 1024 * 1024
/** Decoded at a time; other requests get their turn between two chunks. */
const CHUNK_BYTES = 2 * FIXED_LIMITS.headBytes
/**
 * Size that a record should have in the engine: the bytes of its requests, and the content that its rows repeat (see
 * otlp/amplification.ts). A request with more gets its own records.
 */
export const ENGINE_BYTES = 64 * 1024 * 1024

interface LargeDecoded {
  readonly result: IngestResult
  /** Each with its maximum size in the engine, in bytes. */
  readonly recognised: readonly (readonly [points: RecognisedPoints, engineBytes: number])[]
  readonly records: ReadonlyMap<keyof Builders, readonly Uint8Array[]>
}

interface LargeOptions {
  readonly signal: Signal
  readonly body: Uint8Array
  readonly limits: Pick<Config['group_commit'], 'rows' | 'bytes'>
  readonly decode: (chunk: Uint8Array, builders: Builders) => Decoded
  /** Size of the content that the rows of a chunk repeat, in bytes. */
  readonly repeatedBytes: (chunk: Uint8Array) => number
}

/**
 * Decodes a large body in chunks into records of the usual size. Throws `body_undecodable` or `body_too_large`, and
 * then nothing is stored.
 */
export async function decodeLarge(options: LargeOptions): Promise<LargeDecoded> {
  const builders = createBuilders()
  try {
    return await decodeChunks(options, builders)
  } finally {
    releaseBuilders(builders)
  }
}

async function decodeChunks(options: LargeOptions, builders: Builders): Promise<LargeDecoded> {
  const { limits } = options
  const records = new Map<keyof Builders, Uint8Array[]>()
  const recognised: LargeDecoded['recognised'][number][] = []
  const reasons = new Map<string, number>()
  let [accepted, rejected, cutAttributes, engineBytes] = [0, 0, 0, 0]

  const finishFrom = (rows: number, bytes: number): void => {
    for (const name of SIGNAL_BUILDERS[options.signal]) {
      const builder = builders[name]
      if (builder.rows === 0 || (builder.rows < rows && builder.byteSize < bytes)) continue
      records.set(name, [...(records.get(name) ?? []), builder.finish()])
    }
  }

  const chunks = splitRequest(options.signal, options.body, {
    targetBytes: CHUNK_BYTES,
    itemBytes: FIXED_LIMITS.itemBytes,
    onLargeItem() {
      rejected += 1
      addCounts(reasons, new Map([['item_too_large', 1]]))
    },
  })
  for (const chunk of chunks) {
    const chunkBytes = chunk.length + repeatedIn(chunk, options)
    engineBytes += chunkBytes
    const decoded = options.decode(chunk, builders)
    if (decoded.recognised !== null) recognised.push([decoded.recognised, chunkBytes])
    addCounts(reasons, decoded.result.reasons)
    accepted += decoded.result.accepted
    rejected += decoded.result.rejected
    cutAttributes += decoded.result.cutAttributes
    if (engineBytes < ENGINE_BYTES) finishFrom(limits.rows, limits.bytes)
    else {
      finishFrom(1, 1)
      engineBytes = 0
    }
    await nextTurn()
  }
  finishFrom(1, 1)
  return { result: { accepted, rejected, reasons, cutAttributes }, recognised, records }
}

function repeatedIn(chunk: Uint8Array, options: LargeOptions): number {
  const bytes = options.repeatedBytes(chunk)
  if (bytes <= FIXED_LIMITS.repeatedBytes) return bytes
  throw new WattlineError(
    'body_too_large',
    `Stored as rows, the request would repeat ${Math.ceil(bytes / 2 ** 20)} MiB: its resources apply to too many items.`,
  )
}
