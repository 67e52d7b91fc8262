import type { RowBuilder } from '../otlp/signals.ts'
import type { AppendQueue } from './append-queue.ts'
import type { Clock } from './clock.ts'
import {
  type BatchFacts,
  type CloseLimits,
  type CloseReason,
  decayedRate,
  decideClose,
  isLoneAfter,
  isSmallRecord,
  PROMPT_MS,
} from './close-decision.ts'
import { ENGINE_BYTES } from './large-request.ts'
import type { RequestBarrier, Ticket } from './request-barrier.ts'
import type { SmallRecords } from './small-records.ts'

/**
 * The open batch of one stream (or of one of its partitions), shared by all requests in flight, and the timer that
 * closes it. close-decision.ts decides when; this file carries it out.
 */
export interface Batcher<Content extends RowBuilder> {
  readonly content: Content
  /**
   * Closes the open batch when this many more bytes would not fit into the record or the engine (see `ENGINE_BYTES`):
   * call it before adding rows.
   */
  makeRoom(bytes: number, engineBytes: number): void
  /** Call it after a request has added rows to `content`; resolves when they are durable, rejects when they are not. */
  join(rows: number, ticket: Ticket, engineBytes?: number): Promise<void>
  /** Stores records that were made elsewhere, in one append: all or none. */
  append(records: readonly Uint8Array[]): Promise<void>
  /** Closes the open batch now. */
  flush(): void
}

interface BatcherOptions<Content extends RowBuilder> {
  readonly content: Content
  readonly limits: CloseLimits
  readonly clock: Clock
  readonly barrier: RequestBarrier
  /** Shared by all batchers. */
  readonly smallRecords: SmallRecords
  /** Called with the batcher's own review function, which runs when an append has ended. */
  readonly createQueue: (onFree: () => void) => AppendQueue
  readonly onClosed?: (reason: CloseReason | 'flush' | 'room', rows: number) => void
}

interface OpenBatch {
  readonly tickets: Ticket[]
  readonly durable: PromiseWithResolvers<void>
  readonly firstRowMs: number
  lastRowMs: number
  promptRows: number
  engineBytes: number
  backAfterMs: number
  readonly isLone: boolean
}

const openBatch = (nowMs: number, isLone: boolean): OpenBatch => ({
  tickets: [],
  durable: Promise.withResolvers<void>(),
  firstRowMs: nowMs,
  lastRowMs: nowMs,
  promptRows: 0,
  engineBytes: 0,
  backAfterMs: Number.POSITIVE_INFINITY,
  isLone,
})

/** Rows that cannot become a record must be removed: every later batch would fail with them. */
function finish(content: RowBuilder): Uint8Array {
  try {
    return content.finish()
  } catch (error) {
    content.clear()
    throw error
  }
}

/** Creates a batcher without an open batch; the first `join` opens one. */
export function createBatcher<Content extends RowBuilder>(
  options: BatcherOptions<Content>,
): Batcher<Content> {
  const { content, limits, clock, barrier, smallRecords } = options
  const queue = options.createQueue(() => review())
  let batch: OpenBatch | undefined
  let [lastAnswerMs, lastJoinMs] = [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY]
  let rate = { rowsPerSecond: 0, atMs: 0 }
  let timer: { readonly atMs: number; readonly cancel: () => void } | undefined
  barrier.watch(() => review())

  const facts = (open: OpenBatch): BatchFacts => ({
    rows: content.rows,
    bytes: content.byteSize,
    firstRowMs: open.firstRowMs,
    lastRowMs: open.lastRowMs,
    promptRows: open.promptRows,
    backAfterMs: open.backAfterMs,
    isLone: open.isLone,
    affordableAtMs: smallRecords.affordableAtMs(clock.monotonicMs()),
    rowsPerSecond: rate.rowsPerSecond,
    outside: barrier.outside,
    appendsFull: queue.full,
  })

  const review = (): void => {
    if (batch === undefined) return
    const decision = decideClose(facts(batch), limits, clock.monotonicMs())
    if (decision.close) close(decision.reason)
    else wakeAt(decision.wakeAtMs)
  }

  /**
   * A timer that is set for an earlier time stays: it checks again when it fires, which is cheaper than a new timer per
   * row.
   */
  const wakeAt = (atMs: number): void => {
    if (timer !== undefined && timer.atMs <= atMs) return
    timer?.cancel()
    const cancel = clock.after(Math.max(1, Math.ceil(atMs - clock.monotonicMs())), () => {
      timer = undefined
      review()
    })
    timer = { atMs, cancel }
  }

  const close = (reason: CloseReason | 'flush' | 'room'): void => {
    const closed = batch
    if (closed === undefined) return
    batch = undefined
    timer?.cancel()
    timer = undefined
    options.onClosed?.(reason, content.rows)
    if (isSmallRecord(content.rows, limits)) smallRecords.spend(clock.monotonicMs())
    for (const ticket of closed.tickets) ticket.batchClosed()
    void deliver(closed)
  }

  const deliver = async (closed: OpenBatch): Promise<void> => {
    try {
      await queue.append([finish(content)])
      lastAnswerMs = clock.monotonicMs()
      closed.durable.resolve()
    } catch (error) {
      closed.durable.reject(error)
    }
  }

  const join = (rows: number, ticket: Ticket, engineBytes = 0): Promise<void> => {
    const nowMs = clock.monotonicMs()
    rate = { rowsPerSecond: decayedRate(rate.rowsPerSecond, nowMs - rate.atMs, rows), atMs: nowMs }
    batch ??= openBatch(nowMs, isLoneAfter(nowMs - lastJoinMs, limits))
    lastJoinMs = nowMs
    batch.backAfterMs = Math.min(batch.backAfterMs, ticket.backAfterMs)
    batch.lastRowMs = nowMs
    batch.engineBytes += engineBytes
    batch.tickets.push(ticket)
    ticket.join()
    if (nowMs - lastAnswerMs <= PROMPT_MS) batch.promptRows += rows
    const { promise } = batch.durable
    review()
    return promise
  }

  return {
    content,
    makeRoom(bytes, engineBytes) {
      if (batch === undefined) return
      const isFull = content.byteSize + bytes > limits.bytes
      if (isFull || batch.engineBytes + engineBytes > ENGINE_BYTES) close('room')
    },
    join,
    append: records => queue.append(records),
    flush: () => close('flush'),
  }
}
