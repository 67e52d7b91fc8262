import { readFile, writeFile } from 'node:fs/promises'
import { engineUsersXml } from '../../../core/warehouse/embedded/engine-users.ts'
import { quoteText } from '../../../core/warehouse/tables/column-types.ts'

interface Policy {
  readonly name: string
  readonly database: string
  /** Empty: every table of the database. */
  readonly table: string
  readonly filter: string
}

const CREATE =
  /^CREATE ROW POLICY (IF NOT EXISTS |OR REPLACE )?(\w+) ON `?(\w+)`?\.(?:\*|`?(\w+)`?) USING (.+) TO ALL$/s
const DROP = /^DROP ROW POLICY IF EXISTS (\w+) ON `?(\w+)`?\.(?:\*|`?(\w+)`?)$/
const DATABASE = 'wattline'

/**
 * Row policies, which a server keeps in its catalogue of users. The embedded engine knows only those in a file, which
 * it reads when it is opened: so the statements are kept here, and the engine is reopened before the next one that
 * reads.
 */
export class FrontPolicies {
  readonly #file: string
  readonly #all: Map<string, Policy>

  private constructor(file: string, policies: readonly Policy[]) {
    this.#file = file
    this.#all = new Map(policies.map(policy => [keyOf(policy), policy]))
  }

  static async open(file: string): Promise<FrontPolicies> {
    const text = await readFile(file, 'utf8').catch(() => '[]')
    return new FrontPolicies(file, JSON.parse(text) as Policy[])
  }

  /** Whether this is a statement about policies. */
  static knows(sql: string): boolean {
    return /^\s*(CREATE|DROP|ALTER) ROW POLICY\b/.test(sql)
  }

  /** Accepts a statement that the engine's own grammar has accepted. */
  async run(sql: string): Promise<void> {
    const created = CREATE.exec(sql)
    const dropped = DROP.exec(sql)
    if (created !== null) {
      const [, how = '', name = '', database = '', table = '', filter = ''] = created
      const policy = { name, database, table, filter }
      if (!how.startsWith('IF') || !this.#all.has(keyOf(policy))) this.#all.set(keyOf(policy), policy)
    } else if (dropped !== null) {
      const [, name = '', database = '', table = ''] = dropped
      this.#all.delete(keyOf({ name, database, table }))
    } else {
      throw new Error(`Code: 48. DB::Exception: the front does not know ${sql} (NOT_IMPLEMENTED)`)
    }
    await writeFile(this.#file, JSON.stringify([...this.#all.values()]))
  }

  /** The engine's file of users: policies that cover one table are joined by OR, as permissive ones are. */
  usersXml(): string {
    const tables = Map.groupBy(this.#all.values(), policy => policy.table)
    const joined = [...tables].map(([table, policies]) => ({
      table,
      filter: policies.map(({ filter }) => `(${filter})`).join(' OR '),
    }))
    return engineUsersXml(new Map([[DATABASE, joined]]))
  }

  /** The statement, with the catalogue's rows in place of its table. */
  inPlace(sql: string): string {
    if (!sql.includes('system.row_policies')) return sql
    const rows = [...this.#all.values()].map(
      ({ name, database, table }) => `(${[name, database, table].map(quoteText).join(', ')})`,
    )
    const list = `CAST([${rows.join(', ')}] AS Array(Tuple(short_name String, database String, table String)))`
    return sql.replaceAll(
      'system.row_policies',
      `view(SELECT r.1 AS short_name, r.2 AS database, r.3 AS table FROM (SELECT arrayJoin(${list}) AS r))`,
    )
  }
}

const keyOf = ({ name, database, table }: Omit<Policy, 'filter'>): string => `${name} ${database} ${table}`
