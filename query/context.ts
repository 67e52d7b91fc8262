/** What every route group gets: handed down explicitly by the server. */
import type { FastifyRequest } from 'fastify'
import type { Broker } from '../core/broker/broker.ts'
import type { SetAside } from '../core/broker/replay.ts'
import type { Config } from '../core/runtime/config/schema.ts'
import type { CounterSamples, Events } from '../core/runtime/events.ts'
import type { Warehouse } from '../core/warehouse/warehouse.ts'
import { type Authenticator, type Identity, requireScope, tokenOf } from './auth.ts'
import type { OpenReader } from './fenced-reader.ts'

/** The page as `dashboards/page.ts` builds it: assets by path below `/`. */
export type Page = ReadonlyMap<string, { readonly type: string; readonly body: Uint8Array }>

export interface QueryServerOptions {
  readonly config: Config
  readonly warehouse: Warehouse
  /** Where the log runs in this process: its lag is on /metrics and /api/v1/lag. */
  readonly broker?: Broker
  /** Appends a record that was set aside once more; resolves with its new place. Absent: this process does not. */
  readonly replay?: (record: SetAside) => Promise<string>
  readonly events: Events & { samples?(): CounterSamples }
  /** Why the instance is not ready; empty when it is. */
  readonly readiness: () => readonly string[]
  readonly page: Page
  readonly version: string
  readonly started: Date
  /** Address of the OTLP receiver of this process; null where it has none. */
  readonly otlpHttp?: string | null
  /** Roles that this process runs. */
  readonly roles?: readonly string[]
  readonly authenticator?: Authenticator
  /** Wall clock, ms; tests give their own. */
  readonly now?: () => number
}

export interface QueryContext extends QueryServerOptions {
  readonly roles: readonly string[]
  readonly authenticator: Authenticator
  readonly now: () => number
  /** How routes of our own read rows of a tenant. */
  readonly readers: OpenReader
}

/** The asker, with the right to read. @throws WattlineError `unauthenticated`, `forbidden` */
export async function reader(context: QueryContext, request: FastifyRequest): Promise<Identity> {
  const identity = await context.authenticator.authenticate(tokenOf(request.headers))
  requireScope(identity, 'read')
  return identity
}
