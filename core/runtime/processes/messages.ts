/** What a supervisor and its worker processes say to each other, over the channel that Node opens between them. */
import type { Config } from '../../catalogue/config/schema.ts'
import type { ErrorCode } from '../../catalogue/errors/errors.ts'
import type { CounterSamples } from '../../catalogue/events/event-bus.ts'
import type { ProcessFigures } from '../process-figures.ts'

/** What a worker runs: all it needs, so that it reads no settings of its own. */
export interface WorkerOrder {
  /** From 0. */
  readonly index: number
  /** Complete, with this worker's share of what is bounded for the whole. */
  readonly config: Config
  readonly version: string
  /** Connections that a listener of this worker takes. */
  readonly connections: number
}

/** Where a worker listens; null: not at all. */
export interface WorkerAddresses {
  readonly otlpHttp: string | null
  readonly otlpGrpc: string | null
}

/** How a worker is doing, reported every second. */
export interface WorkerReport {
  readonly counters: CounterSamples
  readonly figures: ProcessFigures
  /** What keeps it from working; none: it works. */
  readonly reasons: readonly string[]
}

/** Messages from the supervisor to a worker. */
export type ToWorker =
  | { readonly kind: 'start'; readonly order: WorkerOrder }
  | { readonly kind: 'stop'; readonly graceMs: number }

/** Messages from a worker to the supervisor. */
export type FromWorker =
  | { readonly kind: 'started'; readonly addresses: WorkerAddresses }
  /** It could not start, and ends. */
  | { readonly kind: 'failed'; readonly code: ErrorCode; readonly message: string }
  | { readonly kind: 'report'; readonly report: WorkerReport }
  /** It has stopped, and ends; with a line for each part that failed or was late. */
  | { readonly kind: 'stopped'; readonly left: readonly string[] }

/** How often a worker reports. */
export const REPORT_EVERY_MS = 1_000
