/** Answers statements of strangers: slot, allow-list, fence. What both doors (JSON and ClickHouse) stand on. */
import type { Config } from '../../core/runtime/config/schema.ts'
import { asWattlineError } from '../../core/runtime/errors.ts'
import type { Events } from '../../core/runtime/events.ts'
import type { FencedResult, QueryParam, Warehouse } from '../../core/warehouse/warehouse.ts'
import { createAllowList } from './allow-list.ts'
import { type Catalogue, loadCatalogue } from './catalogue.ts'
import { sqlFailed } from './engine-text.ts'
import { createGate } from './gate.ts'
import { READABLE_TABLES } from './readable-tables.ts'
import type { Statement } from './statement.ts'
import { RefusedError } from './verdict.ts'

/** The schema changes with migrations only, that is at start; a minute is soon enough to see a new table. */
const CATALOGUE_MS = 60_000

export interface SqlRequest {
  readonly statement: Statement
  readonly params: Readonly<Record<string, QueryParam>>
  readonly tenant: string
  /** Accounts that the asker is limited to; null: all. */
  readonly accounts: readonly string[] | null
  readonly signal: AbortSignal
  /** A client may ask for less time than the limit. */
  readonly maxSeconds?: number
  readonly clientProtocolVersion?: number
}

export interface SqlService {
  /** Hands the answer to `use` and holds the tenant's slot until that resolves. */
  run<T>(request: SqlRequest, use: (answer: FencedResult) => Promise<T>): Promise<T>
}

export function createSqlService(options: {
  readonly warehouse: Warehouse
  readonly limits: Config['limits']['sql']
  readonly events: Events
  readonly now: () => number
}): SqlService {
  const { warehouse, limits, events, now } = options
  const gate = createGate(limits.concurrent)
  const allowList = createAllowList({ warehouse, catalogue: cachedCatalogue(warehouse, now) })

  return {
    run: (request, use) =>
      gate.enter(request.tenant, async () => {
        const { statement, params, tenant, accounts, signal } = request
        const sql = await allowList
          .admit({ text: statement.text, params, tenant, accounts, signal })
          .catch((error: unknown) => {
            const cause = error instanceof Error ? error.cause : undefined
            if (cause instanceof RefusedError) events.emit('sqlRefused', { reason: cause.reason, tenant })
            throw asWattlineError(error, 'sql_failed')
          })
        const answer = await warehouse
          .fenced({
            sql,
            params,
            tenant,
            accounts,
            signal,
            format: statement.format.name,
            limits: {
              maxSeconds: Math.min(request.maxSeconds ?? limits.seconds, limits.seconds),
              maxMemoryBytes: limits.memory_bytes,
              maxResultRows: limits.result_rows,
            },
            ...(request.clientProtocolVersion === undefined
              ? {}
              : { clientProtocolVersion: request.clientProtocolVersion }),
          })
          .catch((error: unknown) => {
            throw sqlFailed(error)
          })
        return use(answer)
      }),
  }
}

function cachedCatalogue(warehouse: Warehouse, now: () => number): () => Promise<Catalogue> {
  let loaded: { readonly at: number; readonly catalogue: Promise<Catalogue> } | undefined
  return () => {
    if (loaded !== undefined && now() - loaded.at < CATALOGUE_MS) return loaded.catalogue
    const catalogue = loadCatalogue(warehouse, READABLE_TABLES)
    const mine = { at: now(), catalogue }
    loaded = mine
    // A failed look is not remembered.
    catalogue.catch(() => {
      if (loaded === mine) loaded = undefined
    })
    return catalogue
  }
}
