/** What every route group gets: handed down explicitly by the server. */

import type { AlertLog } from '../../core/alerting/alert-log.ts'
import type { ErasureAnswer, SnapshotAnswer } from '../../core/api/answers.ts'
import type { Access } from '../../core/auth/access.ts'
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
import type { OpenReader } from '../fence/fenced-reader.ts'
import type { Readiness } from './readiness.ts'

/** The page as `dashboards/page.ts` builds it: assets by path below `/`. */
export type Page = ReadonlyMap<string, { readonly type: string; readonly body: Uint8Array }>

/** Takes snapshots of the data folder; a snapshot exists while its holder renews it. */
export interface SnapshotSource {
  take(): Promise<SnapshotAnswer>
  renew(id: string): SnapshotAnswer
  drop(id: string): Promise<SnapshotAnswer>
}

/** Erases tenants. */
export interface ErasureSource {
  begin(request: {
    readonly tenant: string
    /** Only what happened earlier, unix milliseconds; null: all. */
    readonly beforeMs: number | null
    readonly dropUnreadable: boolean
  }): Promise<ErasureAnswer>
  get(id: string): ErasureAnswer
  list(): readonly ErasureAnswer[]
}

/** What every process tells of itself, whatever its roles. */
export interface StatusServerOptions {
  /** Where the log is open in this process: its lag is on /metrics and /api/v1/lag. */
  readonly broker?: Pick<Broker, 'lag'>
  /** Who reads that log; default the processors. */
  readonly logReaders?: readonly LogReader[]
  /** Of the data folder; absent where nothing is kept in one. */
  readonly snapshots?: SnapshotSource
  readonly events: Events & { samples?(): CounterSamples }
  readonly readiness: () => Promise<Readiness>
  /** Memory and time of the instance; default those of this process. */
  readonly figures?: FiguresWatch
  /** Of rows that processors of this process have stored. */
  readonly rowAges?: () => RowAgeSamples
  /** Bytes that the meter of this process holds, by tenant. */
  readonly meterState?: () => ReadonlyMap<string, number>
  /** What files have lost. */
  readonly losses?: () => readonly Loss[]
  /** What of it an operator should look at although everything works; for the page. */
  readonly lossNotes?: () => readonly string[]
  /** What this process waits for although it takes work, such as a receiver that it forwards to. */
  readonly waiting?: () => readonly string[]
  /** What an operator should look at although everything works, such as a tokens file that was kept out. */
  readonly notes?: () => readonly string[]
  /** Default: everybody on this machine. */
  readonly access?: Access
  readonly tls?: ListenerTls | undefined
  readonly version: string
  readonly started: Date
  /** Addresses of the OTLP receivers of this process; null where it has none. */
  readonly otlpHttp?: string | null
  readonly otlpGrpc?: string | null
  /** Roles that this process runs; default all. */
  readonly roles?: readonly Role[]
  /** Wall clock, ms; tests give their own. */
  readonly now?: () => number
  /** The process is still starting: every other route answers `starting`. */
  readonly isStarting?: boolean
}

/** What a process with role query answers from, besides its status. */
export interface QueryServerOptions extends StatusServerOptions {
  readonly config: Config
  readonly warehouse: Warehouse
  /** Writes silences and replays; absent where the log is not open. */
  readonly alertLog?: AlertLog
  /** Absent: this process does not have the log open. */
  readonly factors?: InstanceFactors
  /** Appends requests to the log. Absent: this process does not have the log open. */
  readonly appender?: Pick<Broker, 'append'>
  /** Absent: this process does not erase. */
  readonly erasures?: ErasureSource
  /** Appends a record that was set aside once more; resolves with its new place. Absent: this process does not. */
  readonly replay?: (record: SetAside) => Promise<string>
  readonly page: Page
}

/** What every route gets: the options, with their defaults filled in. */
export interface StatusContext extends StatusServerOptions {
  readonly access: Access
  readonly notes: () => readonly string[]
  readonly roles: readonly Role[]
  readonly now: () => number
}

/** What routes with questions get. */
export interface QueryContext extends QueryServerOptions, StatusContext {
  readonly access: Access
  readonly notes: () => readonly string[]
  readonly roles: readonly Role[]
  readonly now: () => number
  /** How routes of our own read rows of a tenant. */
  readonly readers: OpenReader
}
