import { WattlineError } from '../../../core/catalogue/errors/errors.ts'
import { RecordSerialiser } from '../../../core/columns/record-bytes.ts'
import { traces } from '../../../core/model/streams/index.ts'
import type { DecodeContext, DecodeResult } from './decode-context.ts'
import { spanColumns } from './span-columns.ts'
import { SpanEngine } from './span-engine.ts'

/** Shared by all batches; replaced after it broke. */
let engine: SpanEngine | undefined

function usableEngine(): SpanEngine {
  if (engine === undefined || engine.broken) engine = new SpanEngine()
  return engine
}

interface EngineBatch {
  readonly engine: SpanEngine
  readonly handle: number
}

/** Spans for one record of stream `traces`, in the columns of the WebAssembly decoder. */
export class SpanRecordBatch {
  readonly stream = traces
  readonly #serialiser = new RecordSerialiser()
  readonly #engines: () => SpanEngine
  /** Created for the first span, since many batches never see one. */
  #place: EngineBatch | undefined
  #rows = 0

  /** `engines`: returns an engine that is not broken; by default the one that all batches share. */
  constructor(engines: () => SpanEngine = usableEngine) {
    this.#engines = engines
  }

  get rows(): number {
    return this.#rows
  }

  /** Raw bytes: the size of the record before compression, without its few hundred bytes of schema. */
  get byteSize(): number {
    return this.#place === undefined || this.#rows === 0
      ? 0
      : this.#place.engine.exports.byteSizeOf(this.#place.handle)
  }

  /** Adds the spans of an ExportTraceServiceRequest. If it throws, the batch must be rolled back. */
  decode(body: Uint8Array, context: DecodeContext): DecodeResult {
    const { engine, handle } = this.#usable()
    const result = engine.decode(handle, body, context)
    this.#rows += result.accepted
    return result
  }

  /** The position of the batch, for `rollback`. */
  mark(): Uint32Array {
    const { engine, handle } = this.#usable()
    return engine.mark(handle)
  }

  /** Returns to a mark of this record: removes all later rows and dictionary values. */
  rollback(mark: Uint32Array): void {
    this.#rows = mark[0] ?? 0
    if (this.#place !== undefined && !this.#place.engine.broken)
      this.#place.engine.rollback(this.#place.handle, mark)
  }

  /** The rows as one record: an Arrow IPC stream of one batch, zstd. The batch is empty afterwards. */
  finish(): Uint8Array {
    const { engine, handle } = this.#usable()
    const at = engine.exports.describe(handle)
    const columns = spanColumns(engine.bytes.buffer, at)
    const record = this.#serialiser.record(traces, columns, this.#rows)
    this.clear()
    return record
  }

  /** Drops everything. */
  clear(): void {
    this.#rows = 0
    if (this.#place === undefined) return
    if (this.#place.engine.broken) this.#place = undefined
    else this.#place.engine.exports.clearBatch(this.#place.handle)
  }

  /** Releases its memory; it may still be used again. */
  release(): void {
    this.#rows = 0
    if (this.#place?.engine.broken === false) this.#place.engine.exports.freeBatch(this.#place.handle)
    this.#place = undefined
  }

  /** Throws `invariant_broken` when rows were lost because memory ran out; `clear` recovers. */
  #usable(): EngineBatch {
    if (this.#place?.engine.broken === true) {
      if (this.#rows > 0) throw new WattlineError('invariant_broken', 'The span decoder ran out of memory.')
      this.#place = undefined
    }
    if (this.#place === undefined) {
      const usable = this.#engines()
      this.#place = { engine: usable, handle: usable.exports.createBatch() }
    }
    return this.#place
  }
}
