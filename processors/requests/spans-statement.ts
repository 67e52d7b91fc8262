/** SQL over spans: which of them run in a minute, and how much of it each spends itself. */
import { quoteText } from '../../core/warehouse/tables/column-types.ts'

/** A minute and what of it a statement works out. */
export interface MinutePart {
  /** Seconds since the epoch. */
  readonly minute: number
  readonly tenants: readonly string[]
  /** The number of parts, each with the workloads whose hash falls into it, */
  readonly parts: number
  /** this one. */
  readonly part: number
}

/** The condition on rows of any table. */
export const ofTenants = ({ tenants }: Pick<MinutePart, 'tenants'>): string =>
  ` AND Tenant IN (${tenants.map(quoteText).join(', ')})`

/** A longer span counts in this much of its time, from its beginning: what a minute reads is bounded. */
const LONGEST_SECONDS = 86_400
/** Spans are read from so far around a minute, so that children whose clock is off find their parents. */
const SKEW_SECONDS = 5

const NANO = 1_000_000_000n
const nano = (seconds: number): bigint => BigInt(seconds) * NANO
const time = (seconds: number): string => `fromUnixTimestamp64Nano(${nano(seconds)})`

/**
 * Spans are found by when they begin, and those that run are of all ages: what began long ago is looked for among long spans
 * alone, which the index of durations finds.
 */
const REACHES = [
  { fromSeconds: 0, toSeconds: 600 },
  { fromSeconds: 600, toSeconds: 7_200 },
  { fromSeconds: 7_200, toSeconds: LONGEST_SECONDS },
] as const

/** Rows of the table of spans that run in `[from, to)`, seconds; each has `Start` and `End` in ns. */
export function runningSpans(
  table: string,
  range: { readonly from: number; readonly to: number },
  columns: readonly string[],
  condition = '',
): string {
  const read = [
    'toUnixTimestamp64Nano(Timestamp) AS Start',
    `Start + toInt64(least(Duration, ${nano(LONGEST_SECONDS)})) AS End`,
    ...columns,
  ].join(', ')
  const end = `(End > ${nano(range.from)} OR Timestamp >= ${time(range.from)})`
  return REACHES.map(({ fromSeconds, toSeconds }) => {
    const before = fromSeconds === 0 ? range.to : range.from - fromSeconds
    const long = fromSeconds === 0 ? '' : ` AND Duration > ${nano(fromSeconds)}`
    return (
      `SELECT ${read} FROM ${table} WHERE Timestamp >= ${time(range.from - toSeconds)} AND Timestamp < ${time(before)}` +
      `${long} AND ${end}${condition}`
    )
  }).join('\n  UNION ALL ')
}

/**
 * Distinct spans that run in the minute, with `SelfNs`: their time within it, less what children cover of that. A span is read
 * twice, as itself and as a child of its parent, and both are brought together by one aggregation.
 */
export function sharedSpans(
  table: string,
  { minute, tenants }: Pick<MinutePart, 'minute' | 'tenants'>,
): string {
  const range = { from: minute - SKEW_SECONDS, to: minute + 60 + SKEW_SECONDS }
  const [from, to] = [nano(minute), nano(minute + 60)].map(edge => `toInt64(${edge})`)
  const columns = [
    'Tenant',
    'toFixedString(unhex(TraceId), 16) AS Trace',
    'toFixedString(unhex(SpanId), 8) AS Own',
    "ParentSpanId = '' OR ParentSpanId = SpanId AS IsRoot",
    'toFixedString(unhex(ParentSpanId), 8) AS Parent',
    'ServiceName',
    'SpanName',
    'SpanKind',
    'cityHash64(ResourceAttributes) AS Resource',
  ]
  return `
SELECT Tenant, Trace, Id, Service, Operation, SpanKind, Resource, Start, IsRoot, Start >= ${from} AS IsBegun,
  Till - From - if(empty(Covering), 0, toInt64(arrayReduce('intervalLengthSum', Covering.1, Covering.2))) AS SelfNs
FROM (SELECT *, arrayFilter(c -> c.2 > c.1, arrayMap(c -> (greatest(c.1, From), least(c.2, Till)),
    arrayMap(c -> ${PLACED}, Children))) AS Covering
FROM (SELECT Tenant, Trace, Id, Children, Span.1 AS Service, Span.2 AS Operation, Span.3 AS SpanKind, Span.4 AS Resource,
  Span.5 AS Start, Span.6 AS End, Span.7 AS IsRoot, greatest(Span.5, ${from}) AS From, least(Span.6, ${to}) AS Till
FROM (
  SELECT any(Tenant) AS Tenant, Trace, Role.1 AS Id,
    groupArrayIf((ServiceName, SpanName, SpanKind, Resource, Start, End, IsRoot),
      Role.2 AND Start < ${to} AND (End > ${from} OR Start >= ${from})) AS Spans,
    groupArrayIf((Start, End, SpanKind = 'Server'), NOT Role.2) AS Children
  FROM (
    SELECT *, indexOf([${tenants.map(quoteText).join(', ')}], Tenant) AS Number, arrayJoin(if(IsRoot, [(Own, true)], [(Own, true), (Parent, false)])) AS Role
    FROM (${runningSpans(table, range, columns, ofTenants({ tenants }))})
  )
  GROUP BY Number, Trace, Id
  HAVING notEmpty(Spans)
)
ARRAY JOIN if(length(Spans) = 1, Spans, arrayDistinct(Spans)) AS Span))`
}

/**
 * Where a child runs on its parent's clock. A server answers while its client waits, whatever their clocks say: one that does
 * not lie within the client's span, and fits, is put into the middle of it. All others are where they say.
 */
const PLACED = `if(SpanKind = 'Client' AND c.3 AND (c.1 < Start OR c.2 > End) AND c.2 - c.1 <= End - Start,
    (Start + intDiv(End - Start - (c.2 - c.1), 2), Start + intDiv(End - Start - (c.2 - c.1), 2) + (c.2 - c.1)), (c.1, c.2))`

/** Resources of spans that run in the minute. */
export function spanResourcesStatement(table: string, minute: number, condition: string): string {
  const columns = ['Tenant', 'ServiceName', 'ResourceAttributes']
  return `SELECT Tenant, ServiceName AS Service, cityHash64(ResourceAttributes) AS Resource, any(ResourceAttributes) AS r
    FROM (${runningSpans(table, { from: minute, to: minute + 60 }, columns, condition)})
    GROUP BY Tenant, Service, Resource`
}
