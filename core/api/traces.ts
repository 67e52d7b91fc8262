import type { TraceEnergy } from './requests.ts'

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
