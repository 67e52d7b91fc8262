import type { ClickHouseClient } from '@clickhouse/client'
import { timed } from './connection.ts'

/** What a server is, as far as we talk to it differently. */
export interface ServerFacts {
  readonly version: string
  /** Among `ASKED`: settings that it knows. A server refuses a request that names one it does not know. */
  readonly settings: ReadonlySet<string>
}

const ASKED = [
  'deduplicate_insert',
  'deduplicate_insert_select',
  'insert_select_deduplicate',
  'http_write_exception_in_output_format',
] as const

/** Everything else is older than this: row filters by setting, the zone of a session, the analyzer's query tree. */
const OLDEST = [24, 8] as const
const FACTS_MS = 5_000

/** It answers, and cannot keep the promises of a warehouse, whatever is tried. */
export class UnfitServerError extends Error {
  constructor(problem: string) {
    super(problem)
    this.name = 'UnfitServerError'
  }
}

/** Asks a server what it is. @throws UnfitServerError */
export async function readFacts(client: ClickHouseClient): Promise<ServerFacts> {
  const rows = await timed(FACTS_MS, async abort_signal => {
    const result = await client.query({
      query: `SELECT version() AS version, groupArray(name) AS names FROM system.settings
              WHERE name IN (${ASKED.map(name => `'${name}'`).join(', ')})`,
      format: 'JSONEachRow',
      abort_signal,
    })
    return await result.json<{ version: string; names: string[] }>()
  })
  const facts = { version: rows[0]?.version ?? '', settings: new Set(rows[0]?.names) }
  const problem = serverProblem(facts)
  if (problem !== null) throw new UnfitServerError(problem)
  return facts
}

/** Why this server cannot be used; null: it can. */
export function serverProblem({ version, settings }: ServerFacts): string | null {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  if (major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1])) {
    return `ClickHouse ${version} is too old: 24.8 or newer is needed.`
  }
  // For some releases an INSERT with a SELECT left its deduplication token aside, in silence, and could not be told not to.
  if (settings.has('insert_select_deduplicate') && !settings.has('deduplicate_insert_select')) {
    return `ClickHouse ${version} does not deduplicate inserts as needed: use 26.2 or newer, or 25.11 or older.`
  }
  return null
}
