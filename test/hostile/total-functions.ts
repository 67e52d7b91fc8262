import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { drainPending, Session } from 'chdb'
import { isTotal, TOTAL_FUNCTIONS } from '../../core/warehouse/fence/total-functions.ts'
import { seededRandom } from '../support/random.ts'

/**
 * Calls every function that the fence considers total, with columns of all types and hostile values. A call that is
 * accepted over no rows must succeed over all: a failure there depends on a value.
 */
const TEXTS = [
  '',
  '0',
  '1',
  '-1',
  '99999999999999999999',
  '4000000000',
  '1e999',
  'NaN',
  '(',
  '[',
  '{',
  '*',
  '%',
  '%Q%',
  '%s %d',
  '{}{}{1000}',
  '\\',
  '1:2',
  'day',
  'UTC',
  'Nowhere/Zone',
  '1.1.1.999',
  '2020-13-45',
  'http://[',
  'x'.repeat(70_000),
]
const quoted = (text: string): string => `'${text.replaceAll('\\', '\\\\')}'`

const ROWS = `SELECT v, v, u, i, f, toUInt8(u % 256), toDateTime(u % 4294967296), fromUnixTimestamp64Nano(i), [v, ''],
  if(u = 0, NULL, i), map(v, v)
FROM (SELECT arrayJoin([${TEXTS.map(quoted).join(', ')}, char(255, 254), char(0)]) AS v) AS a,
  (SELECT arrayJoin([0, 1, 18446744073709551615, 1000000000000]) AS u) AS b,
  (SELECT arrayJoin([0, -1, toInt64(-9223372036854775807), 9223372036854775807]) AS i) AS c,
  (SELECT arrayJoin([0., nan, inf, 1e308, -1.5]) AS f) AS d
WHERE length(v) < 1000 OR (u = 0 AND i = 0 AND f = 0)`
const STRUCTURE = `c LowCardinality(String), s String, u UInt64, i Int64, f Float64, b UInt8, d DateTime, d9 DateTime64(9),
  a Array(String), n Nullable(Int64), m Map(LowCardinality(String), String)`

const COLUMNS = ['c', 's', 'u', 'i', 'f', 'b', 'd', 'd9', 'a', 'n', 'm', 'NULL']

/** Calls of a function, and those with text columns first in the dictionary. */
function calls(name: string): readonly string[] {
  const pairs = COLUMNS.flatMap(one => COLUMNS.map(two => `${name}(${one}, ${two})`))
  const triples = COLUMNS.flatMap(one =>
    ['b', 'u', 's', 'i', 'c'].map(two => `${name}(${one}, ${two}, ${two})`),
  )
  return [
    `${name}()`,
    ...COLUMNS.flatMap(one => [
      `${name}(${one})`,
      `${name}(${one}, 1)`,
      `${name}('a', ${one})`,
      `${name}(${one}, 'a')`,
    ]),
    ...pairs,
    ...triples,
    ...COLUMNS.map(one => `${name}(${one}) OVER ()`),
    `${name}(x -> (x = s), a)`,
    `${name}('hour', d, d9)`,
    `${name}(d9, toIntervalHour(1))`,
    `${name}(d, toIntervalDay(1))`,
    `${name}(0.5)(f)`,
    `${name}(3)(s)`,
    `${name}(d, 'UTC')`,
  ].filter(call => isTotal(call))
}

const OPERATIONS = ['=', '!=', '<', '>=', '*', '/'].flatMap(sign =>
  COLUMNS.flatMap(one => [...COLUMNS, '1', "'a'"].map(two => `(${one} ${sign} ${two})`)),
)

/** Failures, by call. @param share of the calls, at random */
export async function failuresOfTotal(seed: number, share: number): Promise<readonly string[]> {
  const folder = await mkdtemp(join(tmpdir(), 'wattline-total-'))
  const session = new Session(join(folder, 'engine'))
  const error = async (sql: string): Promise<string | null> => {
    try {
      await session.queryAsync(sql, { format: 'Null' })
      return null
    } catch (thrown) {
      return String(thrown)
    }
  }
  try {
    await session.queryAsync('CREATE DATABASE t')
    // As in the fence for such text.
    await session.queryAsync('SET decimal_check_overflow = 0')
    for (const table of ['none', 'hostile']) {
      await session.queryAsync(`CREATE TABLE t.${table} (${STRUCTURE}) ENGINE = MergeTree ORDER BY s`)
    }
    await session.queryAsync(`INSERT INTO t.hostile ${ROWS}`)
    const random = seededRandom(seed)
    const failures: string[] = []
    for (const call of [...OPERATIONS, ...TOTAL_FUNCTIONS.flatMap(calls)].filter(() => random() < share)) {
      if ((await error(`SELECT ${call} FROM t.none`)) !== null) continue
      const found = await error(`SELECT ${call} FROM t.hostile`)
      if (found !== null && !isByType(found)) failures.push(`${call}: ${found.slice(0, 300)}`)
    }
    return failures
  } finally {
    session.close()
    await drainPending()
    await rm(folder, { recursive: true, force: true })
  }
}

/**
 * Mismatched types, which the engine detects only when there is a row, whatever it contains. And memory that a column
 * of text takes.
 */
const isByType = (error: string): boolean => /Code: (43|53|241|386)\./.test(error)

export async function totalFunctions({
  seed,
  say,
}: {
  readonly seed: number
  readonly say: (line: string) => void
}): Promise<void> {
  const failures = await failuresOfTotal(seed, 1)
  for (const failure of failures) say(`  ${failure}`)
  if (failures.length > 0) throw new Error(`${failures.length} calls fail by a value.`)
  say(`${TOTAL_FUNCTIONS.length} functions never failed`)
}
