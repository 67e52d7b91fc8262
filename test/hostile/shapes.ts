import { SECRET } from './worlds.ts'

/**
 * Conditions that hold for every visible row, and fail or give another result on a hidden one. `c` is the column's
 * expression.
 */
type Shape = (c: string) => string

/** For columns whose visible values are texts of one digit. */
export const TEXT_SHAPES: readonly Shape[] = [
  c => `toUInt64(${c}) > 0`,
  c => `toInt8(${c}) >= 0`,
  c => `toFloat64(${c}) > 0`,
  c => `toDecimal64(${c}, 2) > 0`,
  c => `accurateCast(${c}, 'UInt8') > 0`,
  c => `CAST(${c}, 'UInt16') > 0`,
  c => `${c}::Int32 > 0`,
  c => `toDate(concat('2020-01-0', ${c})) > '2019-01-01'`,
  c => `toDateTime(concat('2020-01-0', ${c}, ' 00:00:00')) > '2019-01-01 00:00:00'`,
  c => `parseDateTimeBestEffort(concat('2020-01-0', ${c})) > '2019-01-01 00:00:00'`,
  c => `parseDateTime(concat('2020-01-0', ${c}), '%Y-%m-%d') > '2019-01-01 00:00:00'`,
  c =>
    `toUUID(if(length(${c}) = 1, '61f0c404-5cb3-11e7-907b-a6006ad3dba0', ${c})) != toUUID('00000000-0000-0000-0000-000000000000')`,
  c => `IPv4StringToNum(if(length(${c}) = 1, '1.1.1.1', ${c})) > 0`,
  c => `toIPv4(concat('1.1.1.', ${c})) != toIPv4('0.0.0.0')`,
  c => `toFixedString(${c}, 1) != ''`,
  c =>
    `CAST(${c}, 'Enum8(''1'' = 1, ''2'' = 2, ''3'' = 3, ''4'' = 4, ''5'' = 5, ''6'' = 6, ''7'' = 7, ''8'' = 8, ''9'' = 9)') > 0`,
  c => `base64Decode(if(length(${c}) = 1, 'aaaa', ${c})) != ''`,
  c => `intDiv(1, ${c} NOT LIKE '${SECRET}%') = 1`,
  c => `intDiv(1, if(${c} LIKE '${SECRET}%', 0, 1)) = 1`,
  c => `intDiv(10, length(${c}) < 2) = 10`,
  c => `modulo(10, ${c} NOT LIKE 'S%') = 0`,
  c => `throwIf(${c} LIKE '${SECRET}%', 'seen') = 0`,
  c => `throwIf(${c} > '9', 'seen') = 0`,
  c => `length(range(if(startsWith(${c}, 'S'), 1000000000, 1))) = 1`,
  c => `length(repeat('x', if(${c} < 'A', 1, 2000000000))) = 1`,
  c => `length(leftPad('a', if(${c} < 'A', 1, 2000000000), 'b')) = 1`,
  c => `arrayMap(x -> intDiv(1, x), [if(${c} LIKE 'S%', 0, 1)])[1] = 1`,
  c => `arrayExists(x -> toUInt8(x) > 0, [${c}])`,
  c => `arrayFold((a, x) -> a + toUInt8(x), [${c}], toUInt64(0)) > 0`,
  c => `arraySum(x -> toUInt8(x), [${c}]) > 0`,
  c => `match('1', if(${c} < 'A', '1', concat('(', ${c})))`,
  c => `replaceRegexpAll('a', if(${c} < 'A', 'a', concat('[', ${c})), 'b') = 'b'`,
  c => `extract('a', if(${c} < 'A', '(a)', concat('(', ${c}))) = 'a'`,
  c => `multiSearchAny('1', [if(${c} < 'A', '1', toString(toUInt8(${c})))])`,
  c => `parseReadableSize(concat(${c}, ' B')) > 0`,
  c => `parseTimeDelta(concat(${c}, 's')) > 0`,
  c => `toInt64(reverse(${c})) > 0`,
  c => `bitShiftLeft(toUInt64(1), toUInt8(${c})) > 0`,
  c => `char(toUInt8(${c})) != ''`,
  c => `fromUnixTimestamp(toInt64(${c})) > '1970-01-01 00:00:00'`,
  c => `dateDiff('day', toDate('2020-01-01'), toDate(concat('2020-01-0', ${c}))) >= 0`,
  c => `formatDateTime(toDateTime(toUInt32(${c})), '%Y') = '1970'`,
  c => `mapFromArrays([${c}], [toUInt8(${c})])[${c}] > 0`,
  c => `(toUInt8(${c}), 1) > (0, 0)`,
  c => `${c} IN ('1', '2', '3', '4', '5', '6', '7', '8', '9') OR toUInt8(${c}) > 0`,
  c => `multiIf(${c} < 'A', 1, throwIf(${c} >= 'A', 'seen') + 1) = 1`,
  c => `coalesce(nullIf(toUInt8(${c}), 0), 1) > 0`,
  c => `least(toUInt64(${c}), 100) < 100`,
  c => `toUInt8(splitByChar('-', ${c})[1]) > 0`,
  c => `toLowCardinality(toUInt8(${c})) > 0`,
  c => `JSONExtractUInt(concat('{"a":', ${c}, '}'), 'a') > 0`,
  c => `NOT ${c} LIKE '${SECRET}%'`,
  c => `${c} < 'A'`,
  c => `cityHash64(${c}) IN (SELECT cityHash64(toString(number)) FROM numbers(1, 9))`,
]

/** For columns whose visible values are numbers below ten. */
export const NUMBER_SHAPES: readonly Shape[] = [
  c => `accurateCast(${c}, 'UInt8') > 0`,
  c => `toDecimal32(${c}, 4) > 0`,
  c => `intDiv(1, ${c} < 100) = 1`,
  c => `throwIf(${c} > 100, 'seen') = 0`,
  c => `length(range(toUInt64(${c}))) > 0`,
  c => `length(repeat('x', toUInt64(${c}))) > 0`,
  c => `length(arrayWithConstant(toUInt64(${c}), 1)) > 0`,
  c => `length(arrayResize([1], toInt64(${c}))) > 0`,
  c => `${c} < 100`,
  c => `toUInt8(toString(${c})) > 0`,
]

/** For columns whose visible values are times of the first hours of 2020. */
export const TIME_SHAPES: readonly Shape[] = [
  c => `intDiv(1, toDateTime(${c}) < toDateTime('2020-01-01 06:00:00', 'UTC')) = 1`,
  c => `throwIf(toDateTime(${c}) > toDateTime('2020-01-01 06:00:00', 'UTC'), 'seen') = 0`,
  c => `toDateTime(${c}) < toDateTime('2020-01-01 06:00:00', 'UTC')`,
  c => `toUInt8(dateDiff('hour', toDateTime('2020-01-01 00:00:00', 'UTC'), toDateTime(${c})) < 6) = 1`,
  c =>
    `length(range(toUInt64(greatest(0, dateDiff('second', toDateTime('2020-01-01 06:00:00', 'UTC'), toDateTime(${c})) * 1000000000)))) = 0`,
  c =>
    `accurateCast(dateDiff('second', toDateTime('2020-01-01 00:00:00', 'UTC'), toDateTime(${c})), 'UInt16') >= 0`,
]

/** Where a condition can stand. */
export interface Place {
  readonly name: string
  readonly text: (table: string, c: string, condition: string) => string
  /** The grammar allows it only for tables. */
  readonly isForTables?: true
}

export const PLACES: readonly Place[] = [
  { name: 'WHERE', text: (t, _, k) => `SELECT count() FROM ${t} WHERE ${k}` },
  { name: 'PREWHERE', text: (t, _, k) => `SELECT count() FROM ${t} PREWHERE ${k}`, isForTables: true },
  { name: 'GROUP BY', text: (t, _, k) => `SELECT ${k} AS k, count() FROM ${t} GROUP BY k` },
  {
    name: 'HAVING',
    text: (t, c, k) => `SELECT ${c} AS v, count() FROM ${t} GROUP BY v HAVING ${k.replaceAll(c, 'v')}`,
  },
  { name: 'SELECT', text: (t, _, k) => `SELECT ${k} AS k FROM ${t} ORDER BY k LIMIT 100` },
  { name: 'ORDER BY', text: (t, c, k) => `SELECT toString(${c}) AS v FROM ${t} ORDER BY ${k}, v LIMIT 5` },
  { name: 'aggregate', text: (t, _, k) => `SELECT sum(${k}), min(${k}), count() FROM ${t}` },
  { name: 'countIf', text: (t, _, k) => `SELECT countIf(${k}) FROM ${t}` },
  {
    name: 'JOIN ON',
    text: (t, _, k) => `SELECT count() FROM ${t} AS l JOIN (SELECT 1 AS one) AS r ON r.one = toUInt8(${k})`,
  },
  {
    name: 'JOIN, WHERE',
    text: (t, c, k) =>
      `SELECT count() FROM ${t} AS l CROSS JOIN (SELECT 1 AS one) AS r WHERE ${k} AND r.one = 1 AND toString(${c}) != ''`,
  },
  {
    name: 'IN (subquery)',
    text: (t, c, k) => `SELECT count() FROM ${t} WHERE ${c} IN (SELECT ${c} FROM ${t} WHERE ${k})`,
  },
  {
    name: 'NOT IN (subquery)',
    text: (t, c, k) => `SELECT count() FROM ${t} WHERE ${c} NOT IN (SELECT ${c} FROM ${t} WHERE NOT (${k}))`,
  },
  { name: 'scalar', text: (t, _, k) => `SELECT (SELECT count() FROM ${t} WHERE ${k})` },
  { name: 'WITH', text: (t, _, k) => `WITH x AS (SELECT * FROM ${t} WHERE ${k}) SELECT count() FROM x` },
  {
    name: 'UNION ALL',
    text: (t, _, k) => `SELECT count() FROM ${t} WHERE ${k} UNION ALL SELECT count() FROM ${t}`,
  },
  { name: 'window', text: (t, _, k) => `SELECT DISTINCT sum(${k}) OVER () FROM ${t}` },
  {
    name: 'QUALIFY',
    text: (t, c, k) =>
      `SELECT toString(${c}) AS v FROM ${t} QUALIFY row_number() OVER (ORDER BY ${k}, v) = 1`,
  },
  { name: 'LIMIT BY', text: (t, c, k) => `SELECT toString(${c}) AS v FROM ${t} ORDER BY v LIMIT 1 BY ${k}` },
  { name: 'ARRAY JOIN', text: (t, _, k) => `SELECT sum(x) FROM ${t} ARRAY JOIN [${k}] AS x` },
  { name: 'DISTINCT', text: (t, _, k) => `SELECT DISTINCT ${k} AS k FROM ${t}` },
  { name: 'subquery', text: (t, _, k) => `SELECT count() FROM (SELECT ${k} AS k FROM ${t}) WHERE k` },
  { name: 'AND', text: (t, c, k) => `SELECT count() FROM ${t} WHERE toString(${c}) != '' AND ${k} AND 1` },
  { name: 'OR', text: (t, c, k) => `SELECT count() FROM ${t} WHERE toString(${c}) = '' OR (${k})` },
  {
    name: 'values',
    text: (t, c, k) => `SELECT arraySort(groupUniqArray(toString(${c}))) FROM ${t} WHERE ${k}`,
  },
  {
    name: 'topK',
    text: (t, c, k) => `SELECT uniqExact(${c}), arraySort(topK(20)(toString(${c}))) FROM ${t} WHERE ${k}`,
  },
  {
    name: 'GROUP BY value',
    text: (t, c, k) => `SELECT toString(${c}) AS v, count() FROM ${t} WHERE ${k} GROUP BY v`,
  },
  { name: 'WITH TOTALS', text: (t, _, k) => `SELECT ${k} AS k, count() FROM ${t} GROUP BY k WITH TOTALS` },
  { name: 'ROLLUP', text: (t, _, k) => `SELECT ${k} AS k, count() FROM ${t} GROUP BY ROLLUP(k)` },
  {
    name: 'first rows',
    text: (t, c, k) => `SELECT toString(${c}) AS v FROM ${t} WHERE ${k} ORDER BY v DESC LIMIT 3`,
  },
  {
    name: 'self join',
    text: (t, c, k) =>
      `SELECT count() FROM (SELECT ${c} AS v FROM ${t} WHERE ${k}) AS l JOIN (SELECT DISTINCT ${c} AS v FROM ${t}) AS r USING (v)`,
  },
]
