/**
 * Requests designed to cost more than their limits: several of each kind, as anyone with a read token can send them.
 */
import { brotliCompressSync, gzipSync, zstdCompressSync } from 'node:zlib'

export interface CostlyRequest {
  readonly kind: string
  readonly name: string
  readonly path: string
  readonly body?: string | Uint8Array
  readonly headers?: Readonly<Record<string, string>>
  /** Number of repetitions. */
  readonly times?: number
}

const LONGEST = 262_144
const fill = (piece: string, length = LONGEST - 100): string =>
  piece.repeat(Math.ceil(length / piece.length)).slice(0, length)
const many = (count: number, of: (at: number) => string, between = ', '): string =>
  Array.from({ length: count }, (_, at) => of(at)).join(between)

const post = (kind: string, name: string, sql: string, times = 1): CostlyRequest => ({
  kind,
  name,
  path: '/clickhouse/?default_format=TabSeparated',
  body: sql,
  times,
})

const OPENINGS = [
  "'",
  '"',
  '`',
  '/*',
  '--',
  '#!',
  '$$',
  '$a$',
  '{a:',
  '(',
  '[',
  '\\',
  "'\\",
  '`\\',
  '\u2018',
  "''",
  '``',
]
const texts: readonly CostlyRequest[] = [
  ...OPENINGS.map(piece => post('text', `repeated ${piece}`, `SELECT 1 ${fill(piece)}`)),
  ...OPENINGS.map(piece => post('text', `after an open ${piece}`, `SELECT 1 ${piece}${fill("\\'` ")}`)),
  post('text', 'a placeholder of spaces', `SELECT 1 /* {a:${fill(' ')} */`),
  post('text', 'numbered heredocs', `SELECT ${many(40_000, at => `$t${at}$`, ' ').slice(0, LONGEST - 10)}`),
  post('text', 'one word', `SELECT ${fill('a')}`),
  post('text', 'versions, for what errors say', `SELECT ${fill('"(version "')}`),
  post('text', 'longer than may be', fill('x', 1_000_000)),
  {
    kind: 'text',
    name: 'address of 15 kB',
    path: `/clickhouse/?query=${encodeURIComponent(`SELECT 1 /* {a:${fill(' ', 4_900)}`)}`,
  },
  {
    kind: 'text',
    name: 'parameters in the address',
    path: `/clickhouse/?query=SELECT%201&${many(1_500, at => `param_p${at}=1`, '&')}`,
  },
  {
    kind: 'text',
    name: 'a list that is never closed',
    path: `/clickhouse/?query=${encodeURIComponent('SELECT {a:Array(String)}')}&param_a=${encodeURIComponent(`['${fill("\\'", 9_000)}`)}`,
  },
]

const json = (name: string, query: string, params: object): CostlyRequest => ({
  kind: 'parameters',
  name,
  path: '/api/v1/sql',
  body: JSON.stringify({ query, params }),
  headers: { 'content-type': 'application/json' },
})
const parameters: readonly CostlyRequest[] = [
  json('one of 1 MB', 'SELECT length({a:String})', { a: fill('x', 1_000_000) }),
  json('of 250 kB, escaped', 'SELECT length({a:String})', { a: fill("\\'", 250_000) }),
  json(
    '100,000 of them',
    'SELECT 1',
    Object.fromEntries(Array.from({ length: 100_000 }, (_, at) => [`p${at}`, 1])),
  ),
  json('a list of 100,000', 'SELECT length({a:Array(UInt64)})', {
    a: Array.from({ length: 100_000 }, (_, at) => at),
  }),
  ...Array.from({ length: 60 }, (_, at) =>
    json(`250 kB, the ${at}th of its kind`, 'SELECT length({a:String})', { a: `${at}${fill('y', 250_000)}` }),
  ),
]

const bomb = (encoding: string, body: Uint8Array): CostlyRequest => ({
  kind: 'bodies',
  name: `64 MB in ${encoding}`,
  path: '/clickhouse/',
  body,
  headers: { 'content-encoding': encoding },
})
const zeros = Buffer.alloc(67_108_864, 32)
const bodies: readonly CostlyRequest[] = [
  bomb('gzip', gzipSync(zeros)),
  bomb('br', brotliCompressSync(zeros)),
  bomb('zstd', zstdCompressSync(zeros)),
]

const chained = (depth: number): string =>
  `WITH c0 AS (SELECT 1 AS x), ${many(depth, at => `c${at + 1} AS (SELECT a.x FROM c${at} AS a, c${at} AS b)`)} SELECT * FROM c${depth}`
const planning: readonly CostlyRequest[] = [
  post(
    'planning',
    '8,000 UNION ALL',
    many(8_000, () => 'SELECT 1', ' UNION ALL '),
  ),
  post(
    'planning',
    '190 UNION ALL',
    many(190, () => 'SELECT 1', ' UNION ALL '),
  ),
  post(
    'planning',
    '190 UNION DISTINCT over tables',
    many(190, () => 'SELECT SpanName FROM otel_traces', ' UNION DISTINCT '),
  ),
  post('planning', 'tables that are chained', chained(9)),
  post('planning', 'tables that are chained without end', chained(30)),
  post(
    'planning',
    'names that are chained',
    `SELECT 1 AS a0, ${many(40, at => `a${at} + a${at} AS a${at + 1}`)}`,
  ),
  post('planning', '40,000 constants', `SELECT 1 IN (${many(40_000, String)})`),
  post(
    'planning',
    '10,000 branches',
    `SELECT CASE ${many(10_000, at => `WHEN number = ${at} THEN ${at}`, ' ')} END FROM numbers(10)`,
  ),
  post(
    'planning',
    '400 expressions, six times',
    `SELECT ${many(400, at => `number * ${at + 2} + ${at} - number % ${at + 3} AS c${at}`)} FROM numbers(1000)`,
    6,
  ),
  post(
    'planning',
    'a sum of 300',
    `SELECT ${many(300, at => `number * ${at}`, ' + ')} FROM numbers(1000)`,
    5,
  ),
  post(
    'planning',
    '90 joins',
    `SELECT count() FROM numbers(1) AS t0 ${many(90, at => `JOIN numbers(1) AS t${at + 1} ON t0.number = t${at + 1}.number`, ' ')}`,
  ),
  post('planning', '100 tables', `SELECT count() FROM ${many(95, at => `otel_traces AS t${at}`)}`),
  post('planning', '8,000 look-ups', `SELECT 1 FROM ${many(8_000, () => 'system.columns')}`),
  post(
    'planning',
    '90 look-ups',
    `SELECT count() FROM ${many(90, at => `system.columns AS c${at}`)} LIMIT 1`,
  ),
  post(
    'planning',
    'qualified look-ups',
    `SELECT ${many(5_000, at => `system.columns.type = '${at}'`)} FROM system.columns`,
  ),
  post(
    'planning',
    'nested subqueries',
    `SELECT * FROM (${many(120, () => 'SELECT * FROM (', '')}SELECT 1${')'.repeat(121)}`,
  ),
  post('planning', 'nested calls', `SELECT ${'abs('.repeat(140)}1${')'.repeat(140)}`),
  post('planning', 'stars', `SELECT ${many(3_000, () => '*')} FROM otel_traces`),
  post('planning', 'dear constants', 'SELECT arrayJoin(range(100000000))'),
  post(
    'planning',
    'dear constants, twice',
    'SELECT arraySum(arrayMap(x -> arraySum(range(x % 1000)), range(1000000)))',
    2,
  ),
  post('planning', 'a dear scalar', 'SELECT (SELECT count() FROM numbers(100000000000))'),
  post('planning', 'a dear set', 'SELECT 1 WHERE 1 IN (SELECT number FROM numbers(100000000000))'),
  post(
    'planning',
    'recursion without end',
    'WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r) SELECT n FROM r',
  ),
  post(
    'planning',
    'a cube',
    `SELECT count() FROM numbers(10) GROUP BY CUBE(${many(16, at => `number + ${at}`)})`,
  ),
]

const LONG = "concat(repeat('a', 60000), toString(number))"
const running: readonly CostlyRequest[] = [
  ...[
    'SELECT count() FROM numbers(100000000000)',
    'SELECT count() FROM numbers(10000000) AS a CROSS JOIN numbers(10000000) AS b',
    'SELECT number FROM numbers(100000000000) ORDER BY number DESC LIMIT 5',
    'SELECT uniqExact(number) FROM numbers(100000000000)',
    'SELECT groupArray(number) FROM numbers(100000000000)',
    `SELECT groupConcat(${LONG}) FROM numbers(100000)`,
    'SELECT number FROM numbers(3) ORDER BY number WITH FILL TO 1000000000000',
    'SELECT sum(number) OVER (ORDER BY number ROWS BETWEEN 100000 PRECEDING AND CURRENT ROW) FROM numbers(10000000)',
    `SELECT editDistance(${LONG}, ${LONG}) FROM numbers(100)`,
    `SELECT levenshteinDistance(${LONG}, ${LONG}) FROM numbers(100)`,
    `SELECT damerauLevenshteinDistance(${LONG}, ${LONG}) FROM numbers(100)`,
    `SELECT jaroSimilarity(${LONG}, ${LONG}) FROM numbers(100)`,
    `SELECT jaroWinklerSimilarity(${LONG}, ${LONG}) FROM numbers(100)`,
    `SELECT position(${LONG}, concat(repeat('a', 30000), 'b', toString(number))) FROM numbers(1000)`,
    `SELECT match(${LONG}, '(a?){500}a{500}') FROM numbers(1000)`,
    `SELECT match('x', ${LONG}) FROM numbers(10000)`,
    `SELECT 'x' LIKE ${LONG} FROM numbers(10000)`,
    `SELECT replaceRegexpAll(${LONG}, '(a*)*', 'bb') FROM numbers(1000)`,
    'SELECT hasAll(range(200000), range(200000))',
    "SELECT printf('%2000000000d', 1)",
    "SELECT leftPad('a', 2000000000)",
    'SELECT space(2000000000)',
    "SELECT repeat('a', 2000000000)",
    "SELECT repeat(repeat('a', 1000000), 1000)",
    'SELECT arrayWithConstant(2000000000, 1)',
    'SELECT arrayResize([1], 2000000000)',
    'SELECT range(2000000000)',
    "SELECT format(repeat('{0}', 100000), repeat('a', 100000))",
    "SELECT replaceAll(repeat('a', 1000000), 'a', repeat('b', 10000))",
    'SELECT seriesDecomposeSTL(arrayMap(x -> toFloat64(x % 7), range(1000000)), 7)',
    'SELECT sumResample(0, 1000000000, 1)(number, number) FROM numbers(10)',
    'SELECT groupArrayInsertAt(0, 1000000000)(number, 999999999) FROM numbers(10)',
    "SELECT arrayReduce(concat('any', 'Heavy'), range(1000000))",
    "SELECT CAST(unhex('0102'), concat('Aggregate', 'Function(sum, UInt8)'))",
    'SELECT arrayMap(x -> arrayMap(y -> arrayMap(z -> z, range(1000)), range(1000)), range(1000))',
    'SELECT arrayFold((acc, x) -> arrayPushBack(acc, x), range(1000000), emptyArrayUInt64())',
    'SELECT pointInPolygon((1., 1.), arrayMap(x -> (toFloat64(x), toFloat64(x * x % 977)), range(1000000)))',
    `SELECT SHA512(${LONG}), ${many(300, at => `cityHash64(${LONG}, ${at})`)} FROM numbers(10000)`,
    'SELECT count() FROM otel_traces AS a, otel_traces AS b, otel_traces AS c WHERE cityHash64(a.SpanId, b.SpanId, c.SpanId) = 1',
  ].flatMap(sql => [
    post('running', sql.slice(0, 90), sql),
    { ...post('running', `${sql.slice(0, 80)} as JSON`, sql), path: '/clickhouse/?default_format=JSON' },
  ]),
]

export const COSTLY_REQUESTS: readonly CostlyRequest[] = [
  ...texts,
  ...parameters,
  ...bodies,
  ...planning,
  ...running,
]
