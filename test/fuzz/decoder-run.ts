/**
 * Runs cases through the decoders, in batches that share builders like requests of a collector. In every batch refused
 * requests leave the builders unchanged, and the record has as many rows as were accepted. In one of a given number of
 * batches every case is compared with the independent decoder, and the record contains exactly the accepted rows.
 */
import { isDeepStrictEqual } from 'node:util'
import { type Builders, createBuilders, SIGNAL_BUILDERS, type Signal } from '../../collector/otlp/signals.ts'
import { readRecord } from '../../core/columns/record-reader.ts'
import { decodeIntoBuilders, takeRows } from '../collector/otlp/decode/ours.ts'
import type { Cases, FuzzCase } from './cases.ts'
import { casesOf, type FuzzInput, signalOf } from './inputs.ts'
import { FUZZ_CONTEXT, judge, protobufOf, requireRefusal } from './judge.ts'
import { MemoryWatch } from './memory.ts'

/** Cases that share builders. A run begins at a multiple of it. */
export const BATCH = 512
const BATCHES_BETWEEN_SAMPLES = 200
/** CPU of one case: these are small. */
const MAX_CASE_MS = 250
const MAX_GROWTH_BYTES = 16 * 1024 * 1024

export interface DecoderRun {
  readonly input: FuzzInput
  readonly seed: number
  /** Number of the first case. */
  readonly first: number
  readonly count: number
  /** One in this many batches is judged completely. Default 100. */
  readonly judgeOneIn?: number
  /** Ends early; checked between batches. */
  readonly isOver: () => boolean
  /** Called before each case, for a watchdog. */
  readonly onCase?: (index: number) => void
  readonly onRecord?: (builder: keyof Builders, record: Uint8Array, rows: number) => void
}

export interface DecoderReport {
  readonly cases: number
  readonly accepted: number
  readonly refused: number
  readonly rows: number
  readonly rejectedItems: number
  readonly judged: { same: number; refused: number; unread: number }
  readonly slowestMs: number
  readonly grownBytes: number
}

/** A case that violates a rule. */
export class FuzzFailure extends Error {
  readonly payload: FuzzCase

  constructor(index: number, payload: FuzzCase, cause: unknown) {
    super(`Case ${index} (${payload.encoding}): ${cause instanceof Error ? cause.message : cause}`, { cause })
    this.payload = { encoding: payload.encoding, bytes: Uint8Array.from(payload.bytes) }
  }
}

export function fuzzDecoder(options: DecoderRun): DecoderReport {
  return new Runner(options).run()
}

class Runner {
  readonly #options: DecoderRun
  readonly #signal: Signal
  readonly #cases: Cases
  readonly #builders = createBuilders()
  readonly #memory = new MemoryWatch()
  readonly #judged = { same: 0, refused: 0, unread: 0 }
  #done = 0
  #accepted = 0
  #rows = 0
  #rejectedItems = 0
  #slowestMs = 0

  constructor(options: DecoderRun) {
    if (options.first % BATCH !== 0) throw new RangeError(`A run begins at a multiple of ${BATCH}.`)
    this.#options = options
    this.#signal = signalOf(options.input)
    this.#cases = casesOf(options.input, options.seed)
  }

  run(): DecoderReport {
    const { first, count, isOver } = this.#options
    for (let batch = 0; this.#done < count && !isOver(); batch += 1) {
      this.#batch(first + batch * BATCH, Math.min(BATCH, count - this.#done))
      if (batch % BATCHES_BETWEEN_SAMPLES === 0) this.#memory.sample()
    }
    const grownBytes = this.#memory.grownBytes()
    if (grownBytes > MAX_GROWTH_BYTES) throw new Error(`Memory grew by ${grownBytes} bytes over the run.`)
    return {
      cases: this.#done,
      accepted: this.#accepted,
      refused: this.#done - this.#accepted,
      rows: this.#rows,
      rejectedItems: this.#rejectedItems,
      judged: this.#judged,
      slowestMs: this.#slowestMs,
      grownBytes,
    }
  }

  #batch(from: number, count: number): void {
    const { onCase, judgeOneIn = 100 } = this.#options
    const isJudged = (from / BATCH) % judgeOneIn === 0
    const alone: Record<string, unknown[]> = {}
    let rows = 0
    for (let index = from; index < from + count; index += 1) {
      onCase?.(index)
      const payload = this.#cases.at(index)
      try {
        rows += this.#decode(payload)
        if (isJudged) this.#judge(payload, alone)
      } catch (error) {
        throw new FuzzFailure(index, payload, error)
      }
    }
    this.#done += count
    this.#rows += rows
    if (isJudged) this.#requireRows(from, alone)
    else this.#requireRecords(from, rows)
    for (const name of SIGNAL_BUILDERS[this.#signal]) this.#builders[name].clear()
  }

  /** Rows that the case added. */
  #decode(payload: FuzzCase): number {
    const signal = this.#signal
    const before = this.#sizes()
    const startedMs = performance.now()
    try {
      const result = decodeIntoBuilders(signal, protobufOf(signal, payload), FUZZ_CONTEXT, this.#builders)
      this.#accepted += 1
      this.#rejectedItems += result.rejected
      return result.accepted
    } catch (error) {
      requireRefusal(error)
      if (!isDeepStrictEqual(this.#sizes(), before)) throw new Error('Refused, but something of it is left.')
      return 0
    } finally {
      const tookMs = performance.now() - startedMs
      if (tookMs > this.#slowestMs) this.#slowestMs = this.#cpuMs(payload, tookMs)
    }
  }

  /** On a busy machine the time of a case may include others': a slow case is measured again. */
  #cpuMs(payload: FuzzCase, tookMs: number): number {
    if (tookMs <= MAX_CASE_MS) return tookMs
    const before = process.threadCpuUsage()
    try {
      decodeIntoBuilders(this.#signal, protobufOf(this.#signal, payload), FUZZ_CONTEXT, createBuilders())
    } catch (error) {
      requireRefusal(error)
    }
    const { user, system } = process.threadCpuUsage(before)
    const cpuMs = (user + system) / 1000
    if (cpuMs > MAX_CASE_MS) throw new Error(`Took ${cpuMs} ms of CPU.`)
    return cpuMs
  }

  #judge(payload: FuzzCase, alone: Record<string, unknown[]>): void {
    const verdict = judge(this.#signal, payload)
    this.#judged[verdict.kind] += 1
    for (const [builder, rows] of Object.entries(verdict.ours?.rows ?? {})) {
      alone[builder] = [...(alone[builder] ?? []), ...rows]
    }
  }

  #requireRows(from: number, alone: Readonly<Record<string, unknown[]>>): void {
    const shared = takeRows(this.#signal, this.#builders)
    for (const [builder, rows] of Object.entries(shared)) {
      if (isDeepStrictEqual(rows, alone[builder] ?? [])) continue
      throw new Error(`Batch at ${from}: the record of ${builder} is not the rows of its requests.`)
    }
  }

  #requireRecords(from: number, expected: number): void {
    let rows = 0
    for (const name of SIGNAL_BUILDERS[this.#signal]) {
      const builder = this.#builders[name]
      if (builder.rows === 0) continue
      const held = builder.rows
      const record = builder.finish()
      const read = readRecord(builder.stream, record).rows
      if (read !== held) throw new Error(`Batch at ${from}: ${read} rows of ${held} can be read.`)
      rows += read
      this.#options.onRecord?.(name, record, read)
    }
    if (rows !== expected) throw new Error(`Batch at ${from}: ${rows} rows, where ${expected} were accepted.`)
  }

  #sizes(): readonly number[] {
    return SIGNAL_BUILDERS[this.#signal].flatMap(name => {
      const { rows, byteSize } = this.#builders[name]
      return [rows, byteSize]
    })
  }
}
