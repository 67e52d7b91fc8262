import { randomFillSync } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { encodeUtf8, repairedUtf8 } from '../../../core/columns/utf8.ts'
import { ATTRIBUTE_TYPES } from '../../../core/model/streams/traces.ts'
import { ProtobufReader, undecodable } from '../../../core/protobuf/reader.ts'
import { AnyValue, anyValueText } from './any-value.ts'
import { type DecodeContext, type DecodeResult, DecodeTally } from './decode-context.ts'
import { expandedTooLarge, expansionAllowed } from './expansion.ts'
import { limitedText, scanKeyValue } from './key-value.ts'
import { SPAN_FAILURES, SPAN_MESSAGES, SPAN_REASONS } from './span-host.ts'
import { SPAN_DICTIONARIES } from './span-layout.ts'

/** Exports of wasm/index.ts; addresses and handles of batches are numbers. */
interface SpanEngineExports {
  readonly memory: WebAssembly.Memory
  hashKeysAt(): number
  createBatch(): number
  freeBatch(batch: number): void
  clearBatch(batch: number): void
  byteSizeOf(batch: number): number
  bodyAt(bytes: number): number
  scratchAt(bytes: number): number
  decode(
    batch: number,
    length: number,
    tenantLength: number,
    earliestNano: number,
    latestNano: number,
    mostAttributes: number,
    mostBytes: number,
    largestBytes: number,
  ): number
  addCut(count: number): void
  cutCount(): number
  refusedAt(): number
  markedAt(): number
  mark(batch: number): void
  rollback(batch: number): void
  describe(batch: number): number
}

const MESSAGES = Object.values(SPAN_MESSAGES)
const FAILURES = Object.values(SPAN_FAILURES)
const HASH_KEY_BYTES = 512
/** A mark consists of the rows and the sizes of all dictionaries. */
const MARK_WORDS = 1 + SPAN_DICTIONARIES
/** After a body, so that the decoder may read eight bytes at a time. */
const PADDING = 16

interface DecodeRequest {
  readonly body: Uint8Array
  readonly bodyAt: number
  readonly tally: DecodeTally
  readonly allowedBytes: number
}

/**
 * The span decoder in WebAssembly with its memory, in which the columns of all batches grow. It handles the common
 * cases itself and calls this host for the rest: texts of arrays, maps, doubles and bytes, cutting at limits, repair of
 * UTF-8, errors.
 */
export class SpanEngine {
  /** It was interrupted because memory ran out: its contents cannot be trusted. */
  broken = false
  readonly exports: SpanEngineExports
  #bytes: Uint8Array<ArrayBuffer>
  #request: DecodeRequest | undefined

  constructor() {
    const host = {
      fail: (what: number, detail: number, message: number, tag: number, at: number): never =>
        this.#fail(what, detail, message, tag >>> 0, at),
      keyValue: (start: number, stop: number): void => this.#keyValue(start, stop),
      repaired: (start: number, end: number): void => this.#repaired(start, end),
    }
    this.exports = new WebAssembly.Instance(compiledModule(), { host })
      .exports as unknown as SpanEngineExports
    this.#bytes = new Uint8Array(this.exports.memory.buffer as ArrayBuffer)
    const keysAt = this.exports.hashKeysAt()
    randomFillSync(this.bytes, keysAt, HASH_KEY_BYTES)
  }

  /** All its memory; read it again after each call, since memory moves when it grows. */
  get bytes(): Uint8Array<ArrayBuffer> {
    const buffer = this.exports.memory.buffer as ArrayBuffer
    if (this.#bytes.buffer !== buffer) this.#bytes = new Uint8Array(buffer)
    return this.#bytes
  }

  /** Decodes a request into the batch, which must be rolled back if this throws. */
  decode(batch: number, body: Uint8Array, context: DecodeContext): DecodeResult {
    const { exports } = this
    const tenant = encodeUtf8(context.tenant)
    const bodyAt = exports.bodyAt(body.length + tenant.length + PADDING)
    this.bytes.set(body, bodyAt)
    this.bytes.set(tenant, bodyAt + body.length)
    const tally = new DecodeTally(context, () => undefined)
    const allowedBytes = expansionAllowed(body.length)
    this.#request = { body, bodyAt, tally, allowedBytes }
    const { attributes, attributeBytes } = context.limits
    try {
      const accepted = exports.decode(
        batch,
        body.length,
        tenant.length,
        tally.earliestNano,
        tally.latestNano,
        Math.min(attributes, 0x7fffffff),
        Math.min(attributeBytes, 0x7fffffff),
        exports.byteSizeOf(batch) + allowedBytes,
      )
      return this.#result(accepted)
    } catch (error) {
      if (error instanceof WebAssembly.RuntimeError) this.broken = true
      throw error
    } finally {
      this.#request = undefined
    }
  }

  mark(batch: number): Uint32Array {
    this.exports.mark(batch)
    return this.#marked().slice()
  }

  rollback(batch: number, mark: Uint32Array): void {
    this.#marked().set(mark)
    this.exports.rollback(batch)
  }

  #marked(): Uint32Array {
    return new Uint32Array(this.bytes.buffer, this.exports.markedAt(), MARK_WORDS)
  }

  #result(accepted: number): DecodeResult {
    const counts = new Uint32Array(this.bytes.buffer, this.exports.refusedAt(), SPAN_REASONS.length)
    const reasons = new Map<string, number>()
    let rejected = 0
    for (const [index, reason] of SPAN_REASONS.entries()) {
      const count = counts[index]!
      if (count === 0) continue
      rejected += count
      reasons.set(reason, count)
    }
    return { accepted, rejected, reasons, cutAttributes: this.exports.cutCount() }
  }

  #inHand(): DecodeRequest {
    if (this.#request === undefined) throw new Error('The decoder called its host outside of a request.')
    return this.#request
  }

  #fail(what: number, detail: number, message: number, tag: number, at: number): never {
    const { body, bodyAt, allowedBytes } = this.#inHand()
    const failure = FAILURES[what]
    if (failure === undefined) throw expandedTooLarge(allowedBytes)
    throw undecodable(failure(detail), {
      expected: 'an OTLP request',
      message: MESSAGES[message] ?? '',
      tag,
      at: at - bodyAt,
      length: body.length,
    })
  }

  #keyValue(start: number, stop: number): void {
    const { body, bodyAt, tally } = this.#inHand()
    const cutBefore = tally.cutAttributes
    const reader = new ProtobufReader(body)
    const key = { start: 0, end: 0 }
    const value = new AnyValue()
    reader.position = start - bodyAt
    scanKeyValue(reader, stop - bodyAt, key, value)
    const { bytes } = reader
    const valueBytes =
      value.kind === 'string'
        ? limitedText(bytes, value.start, value.end, tally)
        : limitedBytes(encodeUtf8(textOf(value, reader, tally)), tally)
    const keyBytes = limitedText(bytes, key.start, key.end, tally)
    const at = this.exports.scratchAt(12 + keyBytes.length + valueBytes.length)
    const head = new Uint32Array(this.bytes.buffer, at, 3)
    head[0] = keyBytes.length
    head[1] = valueBytes.length
    head[2] = ATTRIBUTE_TYPES[value.kind].charCodeAt(0)
    this.bytes.set(keyBytes, at + 12)
    this.bytes.set(valueBytes, at + 12 + keyBytes.length)
    this.exports.addCut(tally.cutAttributes - cutBefore)
  }

  #repaired(start: number, end: number): void {
    const text = repairedUtf8(this.bytes, start, end)
    const at = this.exports.scratchAt(4 + text.length)
    new Uint32Array(this.bytes.buffer, at, 1)[0] = text.length
    this.bytes.set(text, at + 4)
  }
}

const limitedBytes = (text: Uint8Array, tally: DecodeTally): Uint8Array =>
  limitedText(text, 0, text.length, tally)

function textOf(value: AnyValue, reader: ProtobufReader, tally: DecodeTally): string {
  reader.message = 'AnyValue'
  return anyValueText(value, reader, tally)
}

let compiled: WebAssembly.Module | undefined

/** Compiled once per process, from the module that `npm run wasm` builds. */
function compiledModule(): WebAssembly.Module {
  compiled ??= new WebAssembly.Module(readFileSync(new URL('../wasm/spans.wasm', import.meta.url)))
  return compiled
}
