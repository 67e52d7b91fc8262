/**
 * Appends to one partition, one request at a time: calls that arrive meanwhile share the next one. The order of the
 * calls is thus the order in the log, also across failures. With several requests in flight, the client would retry
 * each separately.
 */
import { WattlineError } from '../../catalogue/errors/errors.ts'
import type { NewRecord } from '../broker.ts'
import { weightOf } from './messages.ts'

/** Bytes of several calls that share a request; a single call may be larger. */
const SHARED_BYTES = 1024 * 1024

interface AppendCall {
  readonly records: readonly NewRecord[]
  readonly deadline: number
  settled: boolean
  readonly resolve: (offset: bigint) => void
  readonly reject: (error: unknown) => void
}

/** Sends records as one batch; resolves with the offset of the first. Stops at the deadline. */
type Send = (records: readonly NewRecord[], deadline: number) => Promise<bigint>

/** Serialises the appends to one partition and sends waiting calls as one batch. */
export class ProduceBatcher {
  readonly #send: Send
  readonly #timeoutMs: number
  readonly #waiting: AppendCall[] = []
  #sending = false

  constructor(send: Send, timeoutMs: number) {
    this.#send = send
    this.#timeoutMs = timeoutMs
  }

  /** Resolves with the offset of the first record; rejects with `broker_unavailable` when the time is up. */
  append(records: readonly NewRecord[]): Promise<bigint> {
    return new Promise((resolve, reject) => {
      const call: AppendCall = {
        records,
        deadline: Date.now() + this.#timeoutMs,
        settled: false,
        resolve: offset => settle(() => resolve(offset)),
        reject: error => settle(() => reject(error)),
      }
      const timer = setTimeout(() => call.reject(tooLate(this.#timeoutMs)), this.#timeoutMs)
      const settle = (answer: () => void): void => {
        clearTimeout(timer)
        call.settled = true
        answer()
      }
      this.#waiting.push(call)
      if (!this.#sending) void this.#run()
    })
  }

  async #run(): Promise<void> {
    this.#sending = true
    for (let calls = this.#next(); calls.length > 0; calls = this.#next()) {
      const deadline = Math.max(...calls.map(call => call.deadline))
      try {
        let offset = await this.#send(
          calls.flatMap(call => call.records),
          deadline,
        )
        for (const call of calls) {
          call.resolve(offset)
          offset += BigInt(call.records.length)
        }
      } catch (error) {
        for (const call of calls) call.reject(error)
      }
    }
    this.#sending = false
  }

  /** The calls of the next request, without those whose time is up. */
  #next(): AppendCall[] {
    const calls: AppendCall[] = []
    let bytes = 0
    for (let call = this.#waiting[0]; call !== undefined; call = this.#waiting[0]) {
      const weight = call.records.reduce((sum, record) => sum + weightOf(record), 0)
      if (calls.length > 0 && bytes + weight > SHARED_BYTES) break
      this.#waiting.shift()
      if (call.settled) continue
      calls.push(call)
      bytes += weight
    }
    return calls
  }
}

const tooLate = (timeoutMs: number): WattlineError =>
  new WattlineError('broker_unavailable', `Kafka has not acknowledged the records within ${timeoutMs} ms.`)
