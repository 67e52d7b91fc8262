import { WattlineError } from '../../../core/catalogue/errors/errors.ts'
import { RecordSerialiser } from '../../../core/columns/record-bytes.ts'
import { traces } from '../../../core/model/streams/index.ts'
import type { DecodeContext, DecodeResult } from './decode-context.ts'
import { spanColumns } from './span-columns.ts'
import { SpanEngine } from './span-engine.ts'

/** Shared by all batches; another one takes its place when it broke. */
let engine: SpanEngine | undefined

function usableEngine(): SpanEngine {
  if (engine === undefined || engine.broken) engine = new SpanEngine()
  return engine
}

interface EngineBatch {
  readonly engine: SpanEngine
  readonly handle: number
}

/** Spans on their way into one record of stream `traces`, in the columns of the WebAssembly decoder. */
export class SpanRecordBatch {
  readonly stream = traces
  readonly #serialiser = new RecordSerialiser()
  readonly #engines: () => SpanEngine
  /** None before the first span, since many batches never see one. */
  #place: EngineBatch | undefined
  #rows = 0

  /** `engines`: gives an engine that is not broken; by default the one that all batches share. */
  constructor(engines: () => SpanEngine = usableEngine) {
    this.#engines = engines
  }

  get rows(): number {
    return this.#rows
  }

  /** Raw bytes held: what the record takes before compression, without its few hundred bytes of schema. */
  get byteSize(): number {
    return this.#place === undefined || this.#rows === 0
      ? 0
      : this.#place.engine.exports.byteSizeOf(this.#place.handle)
  }

  /** Adds the spans of an ExportTraceServiceRequest. When it throws, the batch is to be rolled back. */
  decode(body: Uint8Array, context: DecodeContext): DecodeResult {
    const { engine, handle } = this.#usable()
    const result = engine.decode(handle, body, context)
    this.#rows += result.accepted
    return result
  }

  /** Where the batch stands, for `rollback`. */
  mark(): Uint32Array {
    const { engine, handle } = this.#usable()
    return engine.mark(handle)
  }

  /** Goes back to a mark of this record: neither rows nor dictionary values of later remain. */
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

  /** Gives its memory back; it may be used again all the same. */
  release(): void {
    this.#rows = 0
    if (this.#place?.engine.broken === false) this.#place.engine.exports.freeBatch(this.#place.handle)
    this.#place = undefined
  }

  /** Throws `invariant_broken` when rows were lost because memory ran out; `clear` helps. */
  #usable(): EngineBatch {
    if (this.#place?.engine.broken === true) {
      if (this.#rows > 0)
        throw new WattlineError('invariant_broken', 'The decoder of spans ran out of memory.')
      this.#place = undefined
    }
    if (this.#place === undefined) {
      const usable = this.#engines()
      this.#place = { engine: usable, handle: usable.exports.createBatch() }
    }
    return this.#place
  }
}
