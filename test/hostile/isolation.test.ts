import { join } from 'node:path'
import { drainPending, Session } from 'chdb'
import { beforeAll, describe, expect, it } from 'vitest'
import { runs } from '../support/runs.ts'
import {
  answeredIn,
  askAll,
  explainAll,
  explainedOf,
  fencedAsk,
  inWorld,
  type Leak,
  leaks,
  normal,
  runEmbedded,
  wordsOf,
} from './isolation.ts'
import { type HostileStatement, hostileStatements, TARGETS } from './statements.ts'
import { LIMITED, MINE, WHOLE } from './worlds.ts'

const SEED = 31
/** In `npm test`; the proofs have several times as many. */
const PER_TABLE = runs(2, 32)

const shown = (found: readonly Leak[]): readonly string[] =>
  found.map(({ statement, alone, mixed }) => `${statement.sql}\n  ${alone}\n  ${mixed}`)

it('has 40 conditions for every table, 300 statements in total', () => {
  const statements = hostileStatements({ seed: SEED, places: 1 })
  expect(statements.length).toBeGreaterThan(300)
  const counts = Map.groupBy(statements, ({ table }) => table)
  expect(TARGETS.filter(({ name }) => (counts.get(name)?.length ?? 0) < 40)).toEqual([])
})

/** The answers of the earlier filters: in an engine session of its own, over the same folder. */
async function filteredAnswers(
  folder: string,
  statements: readonly HostileStatement[],
): Promise<readonly string[]> {
  const session = new Session(join(folder, 'engine'))
  const filters = `{'wattline.otel_traces': 'Tenant = \\'${MINE}\\''}`
  await session.queryAsync(
    `USE wattline; SET additional_table_filters = ${filters}, output_format_write_statistics = 0, readonly = 1`,
  )
  const answers = await askAll(
    ({ sql }) =>
      session.queryAsync(`SELECT * FROM (${sql}\n)`, { format: 'JSONCompact' }).then(
        result => normal(result.text()),
        (error: unknown) => `error: ${wordsOf(error)}`,
      ),
    statements,
  )
  session.close()
  await drainPending()
  return answers
}

describe('the whole of a tenant', () => {
  const fenced = hostileStatements({ seed: SEED, places: 1, perTable: PER_TABLE })
  const ofLedger = hostileStatements({ seed: SEED, places: 30, tables: ['ledger'] })
  const grouped = ofLedger.filter(
    ({ place, sql }) => place === 'GROUP BY' && /\b(Account|WorkloadId)\b/.test(sql),
  )
  const ofDictionaries = ofLedger.filter(
    ({ place, sql }) => place === 'WHERE' && sql.includes('toFixedString'),
  )
  const ofTraces = hostileStatements({ seed: SEED, places: 1, tables: ['otel_traces'] })
  type Answers = readonly (readonly string[])[]
  const explained: (readonly string[])[] = []
  let alone: Answers
  let mixed: Answers

  const answers = async (isMixed: boolean): Promise<Answers> => {
    const all: (readonly string[])[] = []
    await inWorld(
      WHOLE,
      isMixed,
      async warehouse => {
        const asIs = fencedAsk(warehouse, WHOLE, { origin: 'own' })
        all.push(await askAll(fencedAsk(warehouse, WHOLE), fenced))
        explained.push(await explainAll(warehouse, WHOLE, fenced))
        all.push(await askAll(asIs, grouped), await askAll(asIs, ofDictionaries))
      },
      { afterwards: async folder => void all.push(await filteredAnswers(folder, ofTraces)) },
    )
    return all
  }
  beforeAll(async () => {
    alone = await answers(false)
    mixed = await answers(true)
  })

  it('shows no value and no count of other tenants', () => {
    expect(shown(leaks(fenced, alone[0]!, mixed[0]!))).toEqual([])
    expect(answeredIn(mixed[0]!)).toBeGreaterThan(0.9 * fenced.length)
  })

  it('shows no tree and no column of a statement that depends on other tenants', () => {
    const [before = [], after = []] = explained
    expect(shown(leaks(explainedOf(fenced), before, after))).toEqual([])
    expect(answeredIn(after)).toBeGreaterThan(0.9 * after.length)
  })

  it('detects what projections and dictionaries reveal if statements run unchanged', () => {
    expect(leaks(grouped, alone[1]!, mixed[1]!).length).toBeGreaterThan(0)
    expect(leaks(ofDictionaries, alone[2]!, mixed[2]!).length).toBeGreaterThan(0)
  })

  it('detects what the earlier filters let through', () => {
    expect(answeredIn(alone[3]!)).toBeGreaterThan(0.9 * ofTraces.length)
    expect(leaks(ofTraces, alone[3]!, mixed[3]!).length).toBeGreaterThan(20)
  })
})

it('some accounts: shows no value and no count of others', async () => {
  const tables = ['ledger', 'usage_hourly', 'usage_daily', 'otel_traces']
  const statements = hostileStatements({ seed: SEED, places: 1, perTable: PER_TABLE, tables })
  const { leaks: found, answered } = await runEmbedded(LIMITED, statements)
  expect(shown(found)).toEqual([])
  expect(answered).toBeGreaterThan(0.9 * statements.length)
})
