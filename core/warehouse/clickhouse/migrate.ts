import { setTimeout as delay } from 'node:timers/promises'
import type { StreamDeclaration } from '../../model/streams/stream.ts'
import { backoffMs } from '../../runtime/backoff.ts'
import { engineCode } from '../engine-errors.ts'
import { type ExistingTable, planMigration } from '../migration/migration.ts'
import type { Dialect, Retention } from '../tables/ddl.ts'
import { isServerTrouble } from './endpoints.ts'
import { type FoundPolicies, planPolicies, policyError } from './row-policies.ts'

interface Migration {
  readonly dialect: Dialect
  readonly streams: readonly StreamDeclaration[]
  readonly retention: Retention
  existing(): Promise<ReadonlyMap<string, ExistingTable>>
  policies(): Promise<FoundPolicies>
  run(statement: string): Promise<void>
}

const TRIES = 12
const FIRST_RETRY_MS = 200
const MAX_RETRY_MS = 10_000

/**
 * Brings the database to what the declarations say, while other processes may do the same. Every statement may run
 * twice. If one fails because another process was faster, or a server did not answer, the existing tables are read
 * again and the rest is done.
 */
export async function migrate(migration: Migration): Promise<void> {
  const { dialect, streams, retention } = migration
  await retryPassing(async () => {
    const policies = planPolicies(await migration.policies(), dialect)
    await runPolicies(migration, policies.before)
    const existing = await migration.existing()
    for (const statement of planMigration(streams, retention, existing, dialect))
      await migration.run(statement)
    await runPolicies(migration, policies.after)
  })
}

/**
 * Does a step of a start again while it fails because of another process or a server that does not answer.
 * @throws its error if that is of another kind, or after 12 tries
 */
export async function retryPassing<Result>(step: () => Promise<Result>): Promise<Result> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await step()
    } catch (error) {
      if (attempt + 1 >= TRIES || !isPassing(error)) throw error
      await delay(backoffMs(attempt, FIRST_RETRY_MS, MAX_RETRY_MS))
    }
  }
}

async function runPolicies(migration: Migration, statements: readonly string[]): Promise<void> {
  try {
    for (const statement of statements) await migration.run(statement)
  } catch (error) {
    throw policyError(error)
  }
}

/** Errors caused by another process that changes, or has changed, the same table. */
const RACES: ReadonlySet<number> = new Set([
  15, // DUPLICATE_COLUMN
  57, // TABLE_ALREADY_EXISTS
  60, // UNKNOWN_TABLE: not on this server yet
  81, // UNKNOWN_DATABASE: the same
  82, // DATABASE_ALREADY_EXISTS
  122, // INCOMPATIBLE_COLUMNS: replica and Keeper differ, for a moment
  159, // TIMEOUT_EXCEEDED: of a change on all servers
  253, // REPLICA_ALREADY_EXISTS
  341, // UNFINISHED
  473, // DEADLOCK_AVOIDED
  517, // CANNOT_ASSIGN_ALTER
  529, // NOT_A_LEADER
])

function isPassing(error: unknown): boolean {
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error
  const code = engineCode(cause)
  return code === null ? isServerTrouble(cause) : RACES.has(code) || isServerTrouble(cause)
}
