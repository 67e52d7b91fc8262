/**
 * Calls of each allowed function with arguments of every accepted kind, in excessive sizes: as constants, which the
 * engine folds while it plans, and over rows.
 */
import { AGGREGATE_FUNCTIONS, ORDINARY_FUNCTIONS } from '../../query/sql/functions.ts'

/** A kind of argument: small, to find out whether a function accepts it, and hostile. */
interface Kind {
  readonly small: string
  /** Constant, as the engine folds it. */
  readonly constants: readonly string[]
  /** Over the rows of `h`. */
  readonly rows: string
}

/** One row of large things, and rows of less large ones. */
export const SETUP: readonly string[] = [
  'CREATE DATABASE IF NOT EXISTS hostile',
  `CREATE TABLE IF NOT EXISTS hostile.one ENGINE = Memory AS SELECT
     repeat('aB(1 "{[<%&;', 80000) AS s, repeat('{"a":[1,{"b":', 5000) AS j, range(500000) AS a,
     arrayMap(x -> repeat('x', 500), range(2000)) AS w, arrayMap(x -> toFloat64(x % 7), range(100000)) AS f`,
  `CREATE TABLE IF NOT EXISTS hostile.h ENGINE = Memory AS SELECT number AS i, number * 0.7 AS f,
     concat(repeat('aB(1 "{[<%&;', 5000), toString(number)) AS s, range(20000) AS a,
     arrayMap(x -> repeat('x', 50), range(500)) AS w, arrayMap(x -> toFloat64(x % 7), range(20000)) AS fa,
     toDateTime(number) AS d, map('a', s) AS m FROM numbers(100)`,
]

const KINDS = {
  s: { small: "'a'", constants: ["'(a|b|ab)*[^c]'", "'%2000000000d %%'"], rows: "'a%'" },
  S: { small: "'a'", constants: ['(SELECT s FROM hostile.one)', '(SELECT j FROM hostile.one)'], rows: 's' },
  // A pattern found nowhere, but nearly everywhere.
  H: { small: "'a'", constants: ["repeat('a', 60000)"], rows: "concat(repeat('a', 60000), toString(i % 9))" },
  N: {
    small: "'a'",
    constants: ["concat(repeat('a', 30000), 'b')"],
    rows: "concat(repeat('a', 30000), 'b', toString(i % 9))",
  },
  // Addresses.
  U: {
    small: "'http://a/b?c=d'",
    constants: ["concat('http://', repeat('a.', 20000), repeat('/a', 20000), '?', repeat('a=b&', 20000))"],
    rows: "concat('http://', repeat('a.', 5000), repeat('/a', 5000), '?', repeat('a=b&', 5000), toString(i))",
  },
  K: { small: "'$.a'", constants: ["concat('$', repeat('.a', 10000))"], rows: "'$.a'" },
  Y: { small: "'UInt8'", constants: ["'Array(Array(String))'"], rows: "'Array(String)'" },
  I: { small: '3', constants: ['1000000000000000000', '2000000000', '1000000'], rows: 'i + 1000000' },
  n: { small: '-3', constants: ['-9223372036854775807'], rows: '-toInt64(i) - 1000000' },
  F: { small: '0.5', constants: ['1e300', 'nan'], rows: 'f' },
  A: { small: '[1, 2]', constants: ['(SELECT a FROM hostile.one)'], rows: 'a' },
  W: { small: "['a', 'b']", constants: ['(SELECT w FROM hostile.one)'], rows: 'w' },
  G: { small: '[0.5, 1.5]', constants: ['(SELECT f FROM hostile.one)'], rows: 'fa' },
  D: { small: 'toDateTime(1)', constants: ['toDateTime(4294967295)'], rows: 'd' },
  E: { small: 'toDate(1)', constants: ['toDate(65535)'], rows: 'toDate(d)' },
  M: { small: "map('a', 'b')", constants: ["map('a', (SELECT s FROM hostile.one))"], rows: 'm' },
  T: { small: "(1, 'a')", constants: ['(1, (SELECT s FROM hostile.one))'], rows: '(i, s)' },
  P: {
    small: '[(1.0, 2.0), (2.0, 3.0), (3.0, 1.0)]',
    constants: [
      'arrayMap(x -> (toFloat64(x), toFloat64(x % 9)), (SELECT arraySlice(a, 1, 100000) FROM hostile.one))',
    ],
    rows: 'arrayMap(x -> (toFloat64(x), toFloat64(x % 9)), a)',
  },
  L: { small: 'x -> x', constants: ['x -> x'], rows: 'x -> x' },
  B: { small: '(x, y) -> x', constants: ['(x, y) -> x'], rows: '(x, y) -> x' },
} as const satisfies Readonly<Record<string, Kind>>

export type KindName = keyof typeof KINDS
const ALL = (Object.keys(KINDS) as KindName[]).filter(kind => !'HNKYU'.includes(kind))

const product = (lists: readonly (readonly KindName[])[]): KindName[][] =>
  lists.reduce<KindName[][]>((all, list) => all.flatMap(before => list.map(kind => [...before, kind])), [[]])

const SHAPES: readonly (readonly KindName[])[] = [
  [],
  ['U'],
  ['U', 's'],
  ['U', 'W'],
  ['H', 'N'],
  ['N', 'H'],
  ['H', 'N', 'S'],
  ['H', 'N', 's'],
  ['N', 'H', 'I'],
  ['H', 'I', 'N'],
  ['H', 'H', 'N', 'N'],
  ['S', 'K'],
  ['S', 'Y'],
  ['S', 's', 'Y'],
  ['W', 's', 'Y'],
  ['W', 'W', 'N'],
  ...product([ALL]),
  ...product([ALL, ALL]),
  ...product([
    ['s', 'S', 'I', 'A', 'L', 'D', 'F'],
    ['s', 'S', 'I', 'A', 'D'],
    ['s', 'S', 'I', 'A', 'D'],
  ]),
  ['S', 'S', 'I', 'I'],
  ['S', 'I', 'I', 'S'],
  ['S', 'S', 'S', 'S'],
  ['F', 'F', 'F', 'F'],
  ['I', 'I', 'I', 'I'],
  ['B', 'A', 'I'],
  ['B', 'A', 'A'],
]

const AGGREGATE_SHAPES: readonly (readonly KindName[])[] = [
  [],
  ...product([ALL]),
  ...product([
    ['S', 'I', 'F', 'A', 'D', 'G'],
    ['S', 'I', 'F', 'A', 'D', 'G'],
  ]),
  ['D', 'I', 'I'],
  ['D', 'F', 'F'],
  ['F', 'F', 'I'],
  ['S', 'D', 'I'],
]

/** Parameters of aggregates, small and hostile. */
const PARAMETERS: readonly (readonly [small: string, hostile: string])[] = [
  ['', ''],
  ['(0.5)', '(0.999)'],
  ['(3)', '(1000000000)'],
  ['(3)', '(60000)'],
  ['(0.5, 0.9)', '(0.1, 0.9)'],
  ['(100, 0.5)', '(1000000000, 0.5)'],
  ["('(?1)(?2)')", "('(?1).*(?2).*(?1).*(?2).*(?1).*(?2)')"],
  ['(0, 100, 10, 20)', '(0, 2000000000, 1, 20)'],
  ["('auto')", "('x')"],
  ["('forward', 'head')", "('backward', 'tail')"],
  ['(3, 0, 9)', '(1000000000, 0, 18446744073709551615)'],
]

export interface Call {
  readonly name: string
  /** Whether the engine's analysis accepts it. */
  readonly trial: string
  readonly hostile: readonly string[]
}

export function* callsOf(name: string): Generator<Call> {
  const aggregate = AGGREGATE_FUNCTIONS.includes(name)
  if (ORDINARY_FUNCTIONS.includes(name)) {
    for (const shape of SHAPES) yield call(name, name, name, shape)
  }
  if (!aggregate) return
  for (const [small, hostile] of PARAMETERS) {
    for (const shape of AGGREGATE_SHAPES) yield call(name, `${name}${small}`, `${name}${hostile}`, shape)
  }
}

/** With one argument after the other at its worst and the rest small, and with all of them. */
function call(name: string, small: string, hostile: string, shape: readonly KindName[]): Call {
  const smalls = shape.map(kind => KINDS[kind].small)
  const worst = Math.max(1, ...shape.map(kind => KINDS[kind].constants.length))
  const constants = Array.from({ length: worst }, (_, at) =>
    shape.map(kind => {
      const { constants: all } = KINDS[kind]
      return all[at % all.length]!
    }),
  )
  const rows = shape.map(kind => KINDS[kind].rows)
  return {
    name,
    trial: `SELECT ${small}(${smalls.join(', ')})`,
    hostile: [
      ...constants.map(given => `SELECT ${hostile}(${given.join(', ')})`),
      ...(shape.length === 0 ? [] : [`SELECT ${hostile}(${rows.join(', ')}) FROM hostile.h`]),
    ],
  }
}

/** Combinators, huge states and the like, which shapes do not cover. */
export const HAND_MADE: readonly string[] = [
  'SELECT mapPopulateSeries(map(1, 2), 2000000000)',
  'SELECT mapPopulateSeries([1], [2], 2000000000)',
  'SELECT timeSlots(toDateTime(0), toUInt32(4000000000), 1)',
  'SELECT range(toInt64(-1000000000), toInt64(1000000000))',
  'SELECT range(number * 1000) FROM numbers(10000)',
  'SELECT arrayMap(x -> timeSlots(toDateTime(0), toUInt32(100000), 1), range(1000))',
  'SELECT timeSeriesRange(toDateTime(0), toDateTime(4000000000), 1)',
  "SELECT formatDateTime(toDateTime(number), repeat('%Y-%m-%d ', 10000)) FROM numbers(10000)",
  "SELECT extractKeyValuePairs(repeat('a:b,', 100000)) FROM numbers(100)",
  "SELECT JSONExtractKeysAndValuesRaw(concat('{', repeat('\"a\":1,', 100000), '\"b\":2}')) FROM numbers(100)",
  "SELECT JSONExtractString(repeat('{\"a\":', 100000), 'a')",
  "SELECT simpleJSONExtractRaw(repeat('{\"a\":[', 30000), 'a') FROM numbers(1000)",
  "SELECT cutURLParameter(concat('http://a/?', repeat('a=b&', 100000)), ['a', 'b', 'c']) FROM numbers(100)",
  "SELECT base58Encode(repeat('a', 100000))",
  "SELECT base58Decode(repeat('z', 100000))",
  "SELECT base58Encode(concat(repeat('a', 60000), toString(number))) FROM numbers(100)",
  'SELECT arrayIntersect(arrayMap(x -> (x, x), range(100000)), arrayMap(x -> (x, x), range(100000)))',
  'SELECT arrayEnumerateUniq(arrayMap(x -> (x, x), range(100000)))',
  "SELECT normalizeUTF8NFD(repeat('\u1e9b\u0323', 100000)) FROM numbers(100)",
  "SELECT ngrams(repeat('ab', 100000), 50000)",
  `SELECT quantiles(${Array(5000).fill('0.5').join(', ')})(number) FROM numbers(1000000)`,
  `SELECT sequenceMatch('(?1)${'.*(?2).*(?1)'.repeat(30)}')(toDateTime(number), number % 2 = 0, number % 3 = 0) FROM numbers(30000)`,
  'SELECT windowFunnel(1000000000)(toDateTime(number), number % 2 = 0, number % 3 = 0, number % 5 = 0) FROM numbers(1000000)',
  "SELECT CAST('[[[[[[[[1]]]]]]]]', 'Array(Array(Array(Array(Array(Array(Array(Array(UInt8))))))))')",
  "SELECT CAST(repeat('[', 100000), 'JSON')",
  "SELECT toDecimalString(toDecimal256('1', 70), 77) FROM numbers(100000)",
  'SELECT count() FROM numbers(100000) GROUP BY GROUPING SETS ((number), (number + 1), (number + 2), (number + 3))',
  'SELECT sumResample(0, 1000000000, 1)(i, i) FROM hostile.h',
  'SELECT groupArrayResample(0, 100000000, 1)(i, i) FROM hostile.h',
  'SELECT quantilesResample(0.1, 0.9, 0, 100000000, 1)(i, i) FROM hostile.h',
  'SELECT groupArrayInsertAt(0, 1000000000)(i, 999999999) FROM hostile.h',
  'SELECT groupArrayInsertAt(i, 4000000000) FROM hostile.h',
  'SELECT sumForEach(range(10000000)) FROM hostile.h',
  'SELECT groupArray(a) FROM hostile.h CROSS JOIN numbers(1000)',
  'SELECT groupConcat(s) FROM hostile.h CROSS JOIN numbers(1000)',
  'SELECT uniqExact(number) FROM numbers(1000000000)',
  'SELECT arrayJoin(range(100000000))',
  'SELECT arrayJoin(arrayMap(x -> range(x), range(20000)))',
  'SELECT arrayMap(x -> arrayMap(y -> arrayMap(z -> z, range(1000)), range(1000)), range(1000))',
  'SELECT arrayFold((acc, x) -> arrayPushBack(acc, x), range(100000), emptyArrayUInt64())',
  "SELECT arrayFold((acc, x) -> concat(acc, acc), range(60), 'aaaaaaaa')",
  "SELECT arrayStringConcat(arrayMap(x -> repeat('a', 1000), range(1000000)))",
  "SELECT replaceRegexpAll(repeat('a', 1000000), 'a', repeat('b', 10000))",
  "SELECT replaceAll(repeat('a', 1000000), 'a', repeat('b', 1000))",
  "SELECT format(repeat('{0}', 100000), repeat('a', 100000))",
  "SELECT format('{:2000000000}', 'a')",
  "SELECT printf('%2000000000d', 1)",
  "SELECT printf('%s%s%s', repeat('a', 100000), repeat('a', 100000), repeat('a', 100000)) FROM numbers(100000)",
  "SELECT formatDateTime(now(), repeat('%Y', 100000))",
  "SELECT match(repeat('a', 1000000), '(a?){1000}a{1000}')",
  "SELECT extractAll(repeat('a', 1000000), '(a*)*')",
  "SELECT count() FROM numbers(100000) WHERE match(repeat('a', 1000), concat('(x+x+)+y', toString(number)))",
  "SELECT editDistance(repeat('a', 60000), repeat('b', 60000))",
  'SELECT sum(ngramDistance(s, s)) FROM hostile.h CROSS JOIN numbers(100)',
  "SELECT JSONExtract(repeat('[', 100000), 'Array(String)')",
  "SELECT JSONExtract('[1]', repeat('Array(', 5000) || 'UInt8' || repeat(')', 5000))",
  `SELECT CAST('[]', '${'Array('.repeat(2_000)}UInt8${')'.repeat(2_000)}')`,
  `SELECT CAST([], '${'Array('.repeat(200)}UInt8${')'.repeat(200)}')`,
  "SELECT toFixedString('a', 16777215) FROM numbers(10000)",
  "SELECT CAST('a', 'FixedString(16777215)') FROM numbers(10000)",
  'SELECT number FROM numbers(1000000000) ORDER BY number DESC LIMIT 10000000',
  'SELECT count() FROM numbers(10000000) AS a CROSS JOIN numbers(10000000) AS b',
  'SELECT * FROM numbers(1000000) AS a JOIN numbers(1000000) AS b ON a.number % 10 = b.number % 10',
  'WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r) SELECT n FROM r',
  'WITH RECURSIVE r AS (SELECT [1] AS n UNION ALL SELECT arrayConcat(n, n) FROM r WHERE length(n) < 1000000000) SELECT length(n) FROM r',
  'SELECT number FROM numbers(10) GROUP BY CUBE(number, number + 1, number + 2, number + 3, number + 4, number + 5, number + 6, number + 7, number + 8, number + 9, number + 10, number + 11, number + 12, number + 13, number + 14, number + 15)',
  'SELECT sum(number) OVER (ORDER BY number ROWS BETWEEN 100000 PRECEDING AND 100000 FOLLOWING) FROM numbers(1000000)',
  'SELECT max(number) OVER (ORDER BY number ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) FROM numbers(100000000)',
  'SELECT number FROM numbers(3) ORDER BY number WITH FILL TO 1000000000000',
  'SELECT number FROM numbers(3) ORDER BY number WITH FILL TO 1000000000000 STEP 0.001',
  'SELECT (SELECT count() FROM numbers(100000000000))',
  'SELECT 1 WHERE 1 IN (SELECT number FROM numbers(1000000000))',
  'SELECT pointInPolygon((1., 1.), arrayMap(x -> (toFloat64(x), toFloat64(x * x % 977)), range(100000)))',
  "SELECT count() FROM numbers(100000000) WHERE toString(number) LIKE '%1%2%3%4%5%'",
  'SELECT generate_series FROM generate_series(0, 1000000000000)',
]
