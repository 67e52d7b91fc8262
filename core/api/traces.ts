import type { PerUnit, RequestsAmounts, TraceEnergy } from './requests.ts'

/** `/api/v1/traces?limit=`, newest first. */
export interface RecentTracesAnswer {
  readonly traces: readonly {
    readonly trace_id: string
    readonly start: string
    readonly duration_ms: number
    readonly root_service: string
    readonly root_name: string
    readonly spans: number
    readonly errors: number
  }[]
}

/** `/api/v1/traces/{id}` */
export interface TraceAnswer {
  readonly trace_id: string
  readonly spans: readonly {
    readonly span_id: string
    readonly parent_span_id: string
    readonly service: string
    readonly name: string
    readonly kind: string
    readonly start_unix_nano: string
    readonly duration_nano: string
    readonly status: string
    readonly status_message: string
    readonly attributes: Readonly<Record<string, string>>
  }[]
  /** Null: nothing is shared over requests here. */
  readonly energy: TraceEnergy | null
}

/** Nanoseconds; quantiles are estimates (t-digest). */
export interface Durations {
  readonly mean: number
  readonly p50: number
  readonly p95: number
  readonly p99: number
}

/** Rate, errors and duration of requests, and what they used. */
export interface ServiceFigures extends RequestsAmounts {
  /** Spans that enter a service (kind server or consumer, or without a parent) and began in the window. */
  readonly requests: number
  readonly requests_per_second: number
  readonly errors: number
  readonly duration_ns: Durations
  /** Of one request whose energy is known; null: there is none. */
  readonly per_request: PerUnit | null
  /** Why amounts are not known, or not of everything. */
  readonly reasons: readonly string[]
}

/** `/api/v1/service-map?window=` */
export interface ServiceMapAnswer {
  readonly window: { readonly from: string; readonly to: string }
  /** One of that many traces was counted for `calls`, as that many; 1: all. */
  readonly sampling: number
  /** The most requested first. */
  readonly services: readonly (ServiceFigures & {
    readonly service: string
    readonly operations: readonly (ServiceFigures & { readonly operation: string })[]
  })[]
  /** Spans whose parent is a span of another service, the most frequent first. */
  readonly calls: readonly {
    readonly client: string
    readonly server: string
    readonly calls: number
    readonly calls_per_second: number
    readonly errors: number
    readonly duration_ns: Durations
  }[]
  /** There are more operations than `services` has. */
  readonly truncated: boolean
}
