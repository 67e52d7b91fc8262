/** Everything that a group of routes gets, passed explicitly by the server. */

import type { AlertLog } from '../../core/alerting/alert-log.ts'
import type { ErasureAnswer, ExportsAnswer, SnapshotAnswer } from '../../core/api/answers.ts'
import type { RecomputeAnswer } from '../../core/api/recompute.ts'
import type { Access } from '../../core/auth/access.ts'
import type { Answering } from '../../core/autoscaling/answering.ts'
import type { PolicyLog } from '../../core/autoscaling/policy-log.ts'
import type { Broker } from '../../core/broker/broker.ts'
import type { SetAside } from '../../core/broker/replay.ts'
import type { Role } from '../../core/catalogue/config/keys/process.ts'
import type { Config } from '../../core/catalogue/config/schema.ts'
import type { CounterSamples } from '../../core/catalogue/events/event-bus.ts'
import type { Events } from '../../core/catalogue/events/events.ts'
import type { InstanceFactors } from '../../core/factors/instance-factors.ts'
import type { ListenerTls } from '../../core/http/tls.ts'
import type { LogReader } from '../../core/model/streams/readers.ts'
import type { Loss } from '../../core/runtime/losses.ts'
import type { FiguresWatch } from '../../core/runtime/process-figures.ts'
import type { RowAgeSamples } from '../../core/runtime/row-ages.ts'
import type { Warehouse } from '../../core/warehouse/warehouse.ts'
import type { Fairness } from '../fair/fairness.ts'
import type { OpenReader } from '../fence/fenced-reader.ts'
import type { Readiness } from './readiness.ts'

/** The page as `dashboards/page.ts` builds it: assets by path below `/`. */
export type PageAssets = ReadonlyMap<string, { readonly type: string; readonly body: Uint8Array }>

/** Takes snapshots of the data folder; a snapshot exists while its holder renews it. */
export interface SnapshotSource {
  take(): Promise<SnapshotAnswer>
  renew(id: string): SnapshotAnswer
  drop(id: string): Promise<SnapshotAnswer>
}

/** Computes ranges again. */
export interface RecomputeSource {
  begin(
    asked: {
      readonly tenant: string | null
      readonly host: string | null
      /** Minutes `[from, to)`, seconds since the epoch. */
      readonly from: number
      readonly to: number
      readonly reason: 'recomputed' | 'factors_revised'
    },
    apply: boolean,
  ): Promise<RecomputeAnswer>
  get(id: string): RecomputeAnswer
  list(): readonly RecomputeAnswer[]
  cancel(id: string): Promise<RecomputeAnswer>
}

/** Erases tenants. */
export interface ErasureSource {
  begin(request: {
    readonly tenant: string
    /** Only older data, unix milliseconds; null: all. */
    readonly beforeMs: number | null
    readonly dropUnreadable: boolean
  }): Promise<ErasureAnswer>
  get(id: string): ErasureAnswer
  list(): readonly ErasureAnswer[]
}

/** Facts about itself that every process reports, whatever its roles. */
export interface StatusServerOptions {
  /** The log, if it is open in this process: its lag is on /metrics and /api/v1/lag. */
  readonly broker?: Pick<Broker, 'lag'>
  /** The readers of that log; default the processors. */
  readonly logReaders?: readonly LogReader[]
  /** Snapshots of the data folder; absent if there is none. */
  readonly snapshots?: SnapshotSource
  readonly events: Events & { samples?(): CounterSamples }
  readonly readiness: () => Promise<Readiness>
  /** Memory and CPU time of the instance; default those of this process. */
  readonly figures?: FiguresWatch
  /** Ages of rows that processors of this process have stored. */
  readonly rowAges?: () => RowAgeSamples
  /** Memory of the meter of this process, in bytes by tenant. */
  readonly meterState?: () => ReadonlyMap<string, number>
  /** Data losses. */
  readonly losses?: () => readonly Loss[]
  /** Losses that an operator should look at although everything works; for the page. */
  readonly lossNotes?: () => readonly string[]
  /** What this process waits for although it accepts work, such as a receiver that it forwards to. */
  readonly waiting?: () => readonly string[]
  /** Notes for the operator although everything works, such as a tokens file that was not loaded. */
  readonly notes?: () => readonly string[]
  /** Default: every client on this machine. */
  readonly access?: Access
  readonly tls?: ListenerTls | undefined
  readonly version: string
  readonly started: Date
  /** Addresses of the OTLP receivers of this process; null where it has none. */
  readonly otlpHttp?: string | null
  readonly otlpGrpc?: string | null
  /** Roles of this process; default all. */
  readonly roles?: readonly Role[]
  /** Wall clock, ms; tests give their own. */
  readonly now?: () => number
  /** The answers to autoscalers. Absent: this process has neither role scaling nor role query. */
  readonly answering?: Answering
  /** The process is still starting: every other route answers `starting`. */
  readonly isStarting?: boolean
}

/** Sources of a process with role query, in addition to its status. */
export interface QueryServerOptions extends StatusServerOptions {
  readonly config: Config
  readonly warehouse: Warehouse
  /** Writes silences and replays; absent where the log is not open. */
  readonly alertLog?: AlertLog
  /** Reads and writes scaling policies; absent where the log is not open. */
  readonly policyLog?: PolicyLog
  /** Absent: this process does not have the log open. */
  readonly factors?: InstanceFactors
  /** Appends requests to the log. Absent: this process does not have the log open. */
  readonly appender?: Pick<Broker, 'append'>
  /** Absent: this process does not erase. */
  readonly erasures?: ErasureSource
  /** How far exports are. Absent: this process does not export. */
  readonly exports?: { status(tenant: string): ExportsAnswer }
  /** Absent: this process does not recompute. */
  readonly recomputations?: RecomputeSource
  /** Replays a quarantined record; resolves with its new position. Absent: this process does not. */
  readonly replay?: (record: SetAside) => Promise<string>
  readonly page: PageAssets
  /** Shared with other listeners of this process; absent: this one alone. */
  readonly fairness?: Fairness
}

/** What every route gets: the options, with their defaults. */
export interface StatusContext extends StatusServerOptions {
  readonly access: Access
  readonly notes: () => readonly string[]
  readonly roles: readonly Role[]
  readonly now: () => number
}

/** What query routes get. */
export interface QueryContext extends QueryServerOptions, StatusContext {
  readonly access: Access
  readonly notes: () => readonly string[]
  readonly roles: readonly Role[]
  readonly now: () => number
  /** How internal queries read rows of a tenant. */
  readonly readers: OpenReader
}
