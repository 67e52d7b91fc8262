import type { Session } from 'chdb'
import { isBrokenDown, ownQueryError } from '../engine-errors.ts'
import { Pool } from '../pool.ts'
import { quoteText } from '../tables/column-types.ts'
import type { QueryParam } from '../warehouse.ts'
import { paramAssignments } from './bound.ts'
import type { ActiveTable } from './freeze.ts'

interface OwnStatementsParts {
  readonly database: string
  readonly control: Session
  readonly queries: readonly Session[]
  /** Called once. */
  readonly onBrokenDown: ((error: unknown) => void) | undefined
}

/** Internal statements and queries, in sessions that see every row. */
export class OwnStatements {
  readonly #database: string
  /** For statements that must never wait behind others: KILL QUERY, ping. */
  readonly #control: Pool<Session>
  readonly #queries: Pool<Session>
  #onBrokenDown: ((error: unknown) => void) | undefined
  #isBroken = false

  constructor({ database, control, queries, onBrokenDown }: OwnStatementsParts) {
    this.#database = database
    this.#control = new Pool([control])
    this.#queries = new Pool(queries)
    this.#onBrokenDown = onBrokenDown
  }

  /** Rows of a query. */
  async query<Row>(sql: string, params: Readonly<Record<string, QueryParam>>): Promise<readonly Row[]> {
    const values = paramAssignments(params)
    const bound = values.length === 0 ? '' : `SET ${values.join(', ')}; `
    try {
      return await this.#queries.use(async session => {
        const result = await session.queryAsync(`${bound}${sql}`, { format: 'JSONEachRow' })
        return result
          .text()
          .split('\n')
          .flatMap(line => (line === '' ? [] : [JSON.parse(line) as Row]))
      })
    } catch (error) {
      this.notice(error)
      throw ownQueryError(error)
    }
  }

  /** Every table of ours with its number of rows; for engines other than MergeTree, only whether there are any. */
  activeTables(): Promise<readonly ActiveTable[]> {
    return this.query(
      `SELECT name, toString(uuid) AS uuid,
         toFloat64(if(engine = 'MergeTree', ifNull(total_rows, 0), least(1, ifNull(total_rows, 0)))) AS rows
       FROM system.tables WHERE database = {database:String} AND endsWith(engine, 'MergeTree') ORDER BY name`,
      { database: this.#database },
    )
  }

  /** The engine's folder for a table. */
  async folderOf(table: string): Promise<string | null> {
    const [row] = await this.query<{ folder: string }>(
      `SELECT arrayJoin(data_paths) AS folder FROM system.tables
       WHERE database = {database:String} AND name = {table:String}`,
      { database: this.#database, table },
    )
    return row?.folder ?? null
  }

  /** Whether the engine has broken down: every statement is refused, and closing a session may block the process. */
  get isBroken(): boolean {
    return this.#isBroken
  }

  /** Detects from an error whether the engine has broken down. */
  notice(error: unknown): void {
    if (!isBrokenDown(error)) return
    this.#isBroken = true
    this.#onBrokenDown?.(error)
    this.#onBrokenDown = undefined
  }

  /** A statement without an answer. */
  async run(statement: string): Promise<void> {
    try {
      await this.#control.use(session => session.queryAsync(statement))
    } catch (error) {
      this.notice(error)
      throw ownQueryError(error)
    }
  }

  /**
   * Never with SYNC: waiting for the query to end hangs in the embedded engine. And never with a bound value: it does
   * not reach the inner SELECT of KILL, which then silently finds nothing.
   */
  async kill(prefix: string): Promise<void> {
    await this.#control.use(session =>
      session.queryAsync(`KILL QUERY WHERE startsWith(query, ${quoteText(prefix)}) ASYNC`),
    )
  }

  async closeQueries(): Promise<void> {
    for (const session of await this.#queries.close()) session.close()
  }

  /** Called last: running statements are killed through it. */
  async closeControl(): Promise<void> {
    for (const session of await this.#control.close()) session.close()
  }
}
