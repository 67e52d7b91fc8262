/**
 * What the JSON routes answer: shared by the query server, the page and the command line. 64-bit integers are decimal
 * strings; null means unknown or unpriced, never zero. Times are ISO 8601 UTC unless the name says otherwise.
 */

/** `/api/v1/usage` */
export interface UsageAnswer {
  readonly window: { readonly from: string; readonly to: string }
  /** Width of a row's time step; null: it is one of the calendar, or there is one row a group for the whole window. */
  readonly step_seconds: number | null
  /** Rows are of months (UTC), of which the window may hold the first and the last in part. */
  readonly calendar_step: 'month' | null
  readonly group_by: readonly string[]
  readonly currency: string
  readonly rows: readonly UsageRow[]
  /** `limit` left groups out of `rows`; `total` holds them. */
  readonly truncated: boolean
  /** Sum of all rows, and of what include_idle left out of them is named in `excluded_uj`. */
  readonly total: UsageRow
  readonly excluded_uj: string
  /** Steps in which idle energy was shared, finest first: 60 s unless that is too much to look at; null: whole, or not at all. */
  readonly idle_shared_by_seconds: number | null
}

export interface UsageRow {
  readonly group: Readonly<Record<string, string>>
  /** Start of the step; null without `step`. */
  readonly start: string | null
  readonly energy_uj: string
  readonly active_uj: string
  readonly idle_uj: string
  readonly unattributed_uj: string
  readonly cpu_us: string
  readonly carbon_operational_ug: string | null
  readonly carbon_embodied_ug: string | null
  readonly cost_energy_nano: string | null
  readonly cost_resource_nano: string | null
  /** Share of the covered windows that meters saw, 0..1, over entries. */
  readonly coverage: number
  /** Share of the energy by quality, 0..1 each, in sum 1 (or all 0 without energy). */
  readonly quality: {
    readonly measured: number
    readonly interpolated: number
    readonly estimated: number
    readonly simulated: number
  }
  /** Energy without carbon factor or tariff: entries, energy and reasons. */
  readonly unpriced: {
    readonly carbon_entries: string
    readonly carbon_uj: string
    readonly cost_entries: string
    readonly cost_uj: string
    readonly reasons: readonly string[]
  }
}

/** `/api/v1/live`: watts of one host over the last minutes at the sensors' own resolution, before windows close. */
export interface LiveAnswer {
  readonly host: string
  readonly host_name: string
  /** Hosts that sent readings in the last five minutes, for the selector: the first thousand of them by name. */
  readonly hosts: readonly { readonly host: string; readonly host_name: string }[]
  /** How many there are; above the number listed, others can be asked for by `host`. */
  readonly hosts_total: number
  readonly cpus: number
  readonly energy_quality: 'measured' | 'estimated' | 'simulated' | 'none'
  readonly energy_source: string
  /** host: everything the machine draws; components: CPU and memory only. */
  readonly boundary: 'host' | 'components'
  /** Error band of an estimate as a share of the value (0.4 = ±40 %); null when measured. */
  readonly error_band: number | null
  readonly zone: string
  readonly intensity_g_per_kwh: string | null
  readonly intensity_kind: string
  readonly intensity_source: string
  readonly pue: string
  readonly currency: string
  readonly price_per_kwh: string | null
  /** Ends of the intervals, unix milliseconds, rising. */
  readonly times_ms: readonly number[]
  readonly series: readonly LiveSeries[]
}

export interface LiveSeries {
  readonly share: 'active' | 'idle' | 'unattributed'
  /** Empty for idle and unattributed. */
  readonly workload_kind: string
  readonly workload_id: string
  readonly workload_name: string
  readonly namespace: string
  /** Milliwatts per interval, aligned with `times_ms`; null where no meter saw the interval. */
  readonly milliwatts: readonly (number | null)[]
  /** CPU cores used per interval, same alignment; null for idle. */
  readonly cpus_used: readonly (number | null)[]
}

/** `/api/v1/traces?limit=` newest first. */
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
}

/** `/api/v1/quarantine?stream=&limit=`: records that were set aside, the latest made first. */
export interface QuarantineAnswer {
  readonly records: readonly QuarantineEntry[]
  /** `limit` left records out. */
  readonly truncated: boolean
}

/** A record that at least one processor has set aside. */
interface QuarantineEntry {
  readonly stream: string
  readonly partition: number
  readonly offset: string
  /** When the record was made. */
  readonly made: string
  readonly processors: readonly string[]
  /** Of one of the processors. */
  readonly code: string
  readonly error: string
  readonly bytes: number
  readonly replay: QuarantineReplay
}

export interface QuarantineReplay {
  /** unknown: one was begun and not noted as done, so that the record may be in the log again or not. */
  readonly state: 'none' | 'done' | 'unknown'
  /** How often it was appended again, and the place of the last time, `traces/0/25`. */
  readonly times: number
  readonly place: string | null
}

/** `/api/v1/quarantine/{stream}/{partition}/{offset}` */
export interface QuarantinedRecordAnswer extends QuarantineEntry {
  readonly errors: readonly { readonly processor: string; readonly code: string; readonly error: string }[]
  /** Null in streams without keys. */
  readonly key: string | null
  readonly headers: Readonly<Record<string, string>>
  /** The log could not read the record back whole: these bytes are what was left of it. */
  readonly damaged: boolean
  /** The place has named different records, since the log was changed for another one; this is one of them. */
  readonly ambiguous: boolean
  /** The record's bytes, base64. */
  readonly record: string
}

/** `POST /api/v1/quarantine/{stream}/{partition}/{offset}/replay` */
export interface ReplayAnswer {
  readonly from: string
  /** Where the record lies in the log now. */
  readonly to: string
  readonly processors: readonly string[]
}

/** `/api/v1/lag`: how far each reader of the log is behind. */
export interface LagAnswer {
  readonly partitions: readonly LagEntry[]
  /**
   * With `newest=true`, of every stream asked for that has a table: how new the newest row is that queries see. Null: the
   * tables do not answer.
   */
  readonly newest?: readonly NewestRow[] | null
}

export interface NewestRow {
  readonly stream: string
  /** Latest time that a row tells of, of the ledger the start of its window; null: no rows. */
  readonly time: string | null
  /** Seconds from then to now; below zero where a row is dated ahead. */
  readonly age_seconds: number | null
}

export interface LagEntry {
  readonly group: string
  readonly stream: string
  readonly partition: number
  /** Offset after the last stored record, and how far the group has come. */
  readonly end: string
  readonly committed: string
  /** Records between; in Kafka an upper bound, since its offsets also number what is no record. */
  readonly pending: string
  /** Seconds since the oldest pending record was made; null when none is pending. */
  readonly oldest_pending_seconds: number | null
}

/** `/api/v1/status`: what the page's header and `wattline top` say of this instance. */
export interface StatusAnswer {
  readonly version: string
  readonly started: string
  readonly roles: readonly string[]
  readonly tenant: string
  /** Where this process takes OTLP over HTTP, `http://127.0.0.1:4318`; null: it does not. */
  readonly otlp_http: string | null
  /** The same over gRPC, `http://127.0.0.1:4317`. */
  readonly otlp_grpc: string | null
  /** Not ready reasons; empty when ready. */
  readonly problems: readonly string[]
  /** What files have lost and got back; for operators. */
  readonly notes?: readonly string[]
}

/** Body of every error on JSON routes, `application/problem+json`. */
export interface Problem {
  readonly type: 'about:blank'
  readonly title: string
  readonly status: number
  /** Code of the error catalogue. */
  readonly code: string
  readonly detail: string
  readonly remedy: string
  readonly instance: string
}

/** `/api/v1/snapshots`: what `wattline backup` copies from the data folder. */
export interface SnapshotAnswer {
  readonly id: string
  readonly taken_at: string
  /** How long inserts into the tables were held. */
  readonly held_ms: number
  /** Data folder of the process, as it sees it. */
  readonly data: string
  /** Whether it is whole, and can be copied. */
  readonly ready: boolean
}

/** `/api/v1/erasures`: what was, or is being, erased of a tenant. */
export interface ErasureAnswer {
  readonly id: string
  /** Null once it is done: a record of an erasure names nobody. */
  readonly tenant: string | null
  /** SHA-256 of the tenant's name, hexadecimal. */
  readonly tenant_sha256: string
  /** Only what happened earlier; null: all. */
  readonly before: string | null
  readonly started: string
  readonly finished: string | null
  readonly step: 'reading' | 'tables' | 'quarantine' | 'log' | 'files' | 'done'
  /** What the step is at, for people. */
  readonly doing: string
  /** Why it does not get on; it tries again by itself. */
  readonly problem: string | null
  /** Rows that were erased, by table. */
  readonly erased: Readonly<Record<string, number>>
  /** What is left: all 0 is the proof. */
  readonly left: ErasureLeft
  /** Kafka alone: when the last record that may hold the tenant's rows expires there. */
  readonly log_expires: string | null
}

export interface ErasureLeft {
  /** Rows, over all tables. */
  readonly rows: number
  /** Records of the log that were there when it began. */
  readonly log_records: number
  /** Parts of tables that held rows and wait to be removed from the disk. */
  readonly old_parts: number
  /** Records in quarantine that cannot be read, and so not searched. */
  readonly unreadable: number
}
