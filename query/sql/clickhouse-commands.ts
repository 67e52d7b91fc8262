/** Carries out the commands of commands.ts, and answers as ClickHouse does. */
import { WattlineError } from '../../core/catalogue/errors/errors.ts'
import { answerLines } from '../../core/warehouse/answer-lines.ts'
import type { FencedResult } from '../../core/warehouse/warehouse.ts'
import type { ClickHouseSessions, SessionRequest } from './clickhouse-sessions.ts'
import type { Command } from './commands.ts'
import type { LiteralColumns } from './literal-rows.ts'
import type { SqlRequest, SqlService } from './service.ts'
import { readStatement } from './statement.ts'
import { ownerKey } from './statement-log.ts'
import { RefusedError } from './verdict.ts'

interface CommandContext {
  readonly sql: SqlService
  readonly sessions: ClickHouseSessions
  readonly database: string
  /** The statement's own request. */
  readonly request: SqlRequest
  readonly session: SessionRequest | undefined
}

const KILLED: LiteralColumns = [
  ['kill_status', 'String'],
  ['query_id', 'String'],
  ['user', 'String'],
  ['query', 'String'],
]

/** Passes the answer to `use`; false: the command has none. */
export async function carryOut(
  command: Command,
  context: CommandContext,
  use: (answer: FencedResult) => Promise<void>,
): Promise<boolean> {
  const { sql, sessions, database, request, session } = context
  if (command.kind === 'use') {
    assertDatabase(command.database, database)
    return false
  }
  if (command.kind === 'set') {
    if (session !== undefined) sessions.set(ownerKey(request), session, command.settings)
    return false
  }
  const ids = new Set(command.ids ?? (await idsThat(command.condition, context)))
  const found = command.isTest
    ? sql.log.running(request).filter(({ queryId }) => ids.has(queryId))
    : sql.log.kill(request, ids)
  const rows = found.map(one => [
    command.isTest ? 'unknown status' : 'waiting',
    one.queryId,
    one.user,
    one.text,
  ])
  await sql.answerRows(request, KILLED, rows, use)
  return true
}

/** Ids of the caller's own running statements for which the condition holds, by the engine. */
async function idsThat(condition: string, { sql, request }: CommandContext): Promise<readonly string[]> {
  const statement = readStatement(
    `SELECT query_id FROM system.processes WHERE (${condition}\n)`,
    'JSONCompactEachRow',
  )
  return await sql.run({ ...request, statement }, async answer =>
    (await answerLines(answer.chunks)).map(line => (JSON.parse(line) as [string])[0]),
  )
}

/** Clients send `default` when no database is configured. @throws WattlineError `sql_refused` */
export function assertDatabase(wanted: string, database: string): void {
  if (['', 'default', database].includes(wanted)) return
  const detail = `there is no database ${wanted.slice(0, 100)}. Use ${database}`
  throw new WattlineError('sql_refused', `${detail}.`, { cause: new RefusedError('database', detail) })
}
