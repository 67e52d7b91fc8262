/** How often a partition inserts while little comes: what comes in between waits in the log, and goes into one insert. */
import type { StoredRecord } from '../../core/broker/broker.ts'
import { sleep } from '../../core/runtime/backoff.ts'

/** From one insert of little to the next. The first two of a burst do not wait. */
export const REST_MS = 500
/** More than this at once is worth an insert at any time. */
const MUCH_BYTES = 262_144
const MANY_RECORDS = 256

/** The pauses of one partition. */
export class Pace {
  #begunMs = Number.NEGATIVE_INFINITY
  #untilMs = 0

  /** These records are inserted now. */
  begin(records: readonly StoredRecord[]): void {
    const nowMs = performance.now()
    let bytes = 0
    for (const { value } of records) bytes += value.length
    const isQuick = nowMs - this.#begunMs < REST_MS
    const isLittle = bytes < MUCH_BYTES && records.length < MANY_RECORDS
    this.#untilMs = isQuick && isLittle ? nowMs + REST_MS : 0
    this.#begunMs = nowMs
  }

  /** Waits until more should be read; not after the signal. */
  async rest(signal: AbortSignal): Promise<void> {
    const ms = this.#untilMs - performance.now()
    if (ms > 0) await sleep(ms, signal)
  }
}
