/** Messages between a supervisor and its workers, over the channel that Node opens between them. */
import type { Config } from '../../catalogue/config/schema.ts'
import type { ErrorCode } from '../../catalogue/errors/errors.ts'
import type { CounterSamples } from '../../catalogue/events/event-bus.ts'
import type { ProcessFigures } from '../process-figures.ts'

/** Everything that a worker needs to run, so that it reads no settings itself. */
export interface WorkerOrder {
  /** Starts at 0. */
  readonly index: number
  /** Complete, with this worker's share of the common limits. */
  readonly config: Config
  readonly version: string
  /** Connections that a listener of this worker accepts. */
  readonly connections: number
}

/** Where a worker listens; null: it does not listen. */
export interface WorkerAddresses {
  readonly otlpHttp: string | null
  readonly otlpGrpc: string | null
}

/** The state of a worker, reported every second. */
export interface WorkerReport {
  readonly counters: CounterSamples
  readonly figures: ProcessFigures
  /** Why it cannot work; empty: it works. */
  readonly reasons: readonly string[]
}

/** Messages from the supervisor to a worker. */
export type ToWorker =
  | { readonly kind: 'start'; readonly order: WorkerOrder }
  | { readonly kind: 'stop'; readonly graceMs: number }

/** Messages from a worker to the supervisor. */
export type FromWorker =
  | { readonly kind: 'started'; readonly addresses: WorkerAddresses }
  /** It could not start, and exits. */
  | { readonly kind: 'failed'; readonly code: ErrorCode; readonly message: string }
  | { readonly kind: 'report'; readonly report: WorkerReport }
  /** It has stopped, and exits; with a line for each part that failed or was late. */
  | { readonly kind: 'stopped'; readonly left: readonly string[] }

/** Interval between two reports of a worker. */
export const REPORT_EVERY_MS = 1_000
