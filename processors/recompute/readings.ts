/**
 * Reads from table `readings` what the minutes of a machine depend on: all samples in them, and of each series the nearest samples
 * before and after, as far away as the meter trusts a counter to reach.
 */
import { lateReadings, readings } from '../../core/model/streams/index.ts'
import { quoteText } from '../../core/warehouse/tables/column-types.ts'
import { qualified } from '../../core/warehouse/tables/ddl.ts'
import type { Statements } from '../../core/warehouse/warehouse.ts'
import { COUNTED_WINDOWS } from '../meter/meter.ts'
import { WRONGLY_DATED } from '../meter/windows/late.ts'
import { type HostSpan, instant, minute, ofMachine } from './span.ts'

/** A sample: when, in ns since the span's start; below 0 before it. And what came with it. */
export interface Sample {
  readonly ns: number
  readonly value: bigint
  readonly facts: SampleFacts
  /** The meter took it for one that a clock had dated which was set back. */
  readonly isSetBack: boolean
}

/** Columns of a reading that may change within a series. */
interface SampleFacts {
  readonly Host: string
  readonly HostName: string
  readonly RangeMax: bigint
  readonly Attributes: Readonly<Record<string, string>>
}

/** Columns that tell series apart. */
const SERIES = [
  'Quantity',
  'Domain',
  'Device',
  'WorkloadKind',
  'WorkloadId',
  'BootId',
  'Source',
  'Quality',
] as const

/** What a series measures, and who reports it. */
export type MeterSeriesKey = Readonly<Record<(typeof SERIES)[number], string>>

/** Samples of one series in order of time. */
export interface SeriesSamples {
  readonly key: MeterSeriesKey
  readonly samples: Sample[]
}

/** Samples of a series before and after the span: a step of two samples is judged with a third, and senders repeat some. */
const NEIGHBOURS = 8

type FoundSeries = MeterSeriesKey & {
  readonly Host: string
  readonly HostName: string
  readonly RangeMax: string
  readonly Attributes: string
  /** ns since the span's start, and values, in the same order. */
  readonly Times: readonly number[]
  readonly Values: readonly string[]
}

/** How many samples there are in the minutes of a span. */
export async function countSamples({ query, dialect }: Statements, span: HostSpan): Promise<number> {
  const [found] = await query<{ n: number }>(
    `SELECT toFloat64(count()) AS n FROM ${qualified(dialect, readings.name)} WHERE ${inSpan(span)}`,
  )
  return found?.n ?? 0
}

/** The newest minute of a span that has readings, in seconds; null: none has. */
export async function lastRead({ query, dialect }: Statements, span: HostSpan): Promise<number | null> {
  const [found] = await query<{ n: number; at: number }>(
    `SELECT toFloat64(count()) AS n, toFloat64(toUnixTimestamp(max(Timestamp))) AS at
FROM ${qualified(dialect, readings.name)} WHERE ${inSpan(span)}`,
  )
  return found === undefined || found.n === 0 ? null : Math.floor(found.at / 60) * 60
}

/** Reads the series of a span, without the samples that the meter has found to be dated wrongly. */
export async function readMeterSeries(statements: Statements, span: HostSpan): Promise<SeriesSamples[]> {
  const { query, dialect } = statements
  const table = qualified(dialect, readings.name)
  const wrong = await wronglyDated(statements, span)
  const series = new Map<string, SeriesSamples>()
  for (const sql of [
    neighbours(table, span, 'before'),
    within(table, span),
    neighbours(table, span, 'after'),
  ]) {
    for (const found of await query<FoundSeries>(sql)) addSamples(series, found, wrong)
  }
  // Of two series of one meter the order in which they are first heard of must not depend on the engine's threads.
  return [...series]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, { key, samples }]) => ({ key, samples: inOrder(samples) }))
}

/** Of two samples of one instant the larger counts, as the meter has it. */
function inOrder(samples: readonly Sample[]): Sample[] {
  const sorted = samples.toSorted((a, b) => (a.ns === b.ns ? (a.value < b.value ? -1 : 1) : a.ns - b.ns))
  return withoutSetBack(sorted.filter(({ ns }, index) => sorted[index + 1]?.ns !== ns))
}

/**
 * Leaves out what a clock dated that was set back: it stands above what was read later. Where the counter was reset between its
 * neighbours, it is what the counter had got to before, and stays.
 */
function withoutSetBack(samples: readonly Sample[]): Sample[] {
  if (samples.every(({ isSetBack }) => !isSetBack)) return [...samples]
  return samples.filter((one, index) => {
    if (!one.isSetBack) return true
    const before = samples.slice(0, index).findLast(({ isSetBack }) => !isSetBack)
    const after = samples.slice(index).find(({ isSetBack }) => !isSetBack)
    if (before === undefined || after === undefined) return false
    return after.value < before.value && one.value >= before.value
  })
}

function addSamples(series: Map<string, SeriesSamples>, found: FoundSeries, wrong: WrongDates): void {
  const key = Object.fromEntries(SERIES.map(name => [name, found[name]])) as MeterSeriesKey
  const text = SERIES.map(name => found[name]).join('\u0000')
  const there = series.get(text) ?? { key, samples: [] }
  series.set(text, there)
  const facts: SampleFacts = {
    Host: found.Host,
    HostName: found.HostName,
    RangeMax: BigInt(found.RangeMax),
    Attributes: JSON.parse(found.Attributes) as Record<string, string>,
  }
  const dates = wrong.get(placeOf(found))
  for (const [index, ns] of found.Times.entries()) {
    const value = BigInt(found.Values[index] ?? '')
    const reason = dates?.get(ns)
    if (reason !== 'ahead') there.samples.push({ ns, value, facts, isSetBack: reason === 'set_back' })
  }
}

const inSpan = (span: HostSpan): string =>
  `${ofMachine(span)} AND Timestamp >= ${instant(span.from)} AND Timestamp < ${instant(span.to)}`

/** ns since the span's start: exact as a double for a hundred days. */
const nsSince = ({ from }: HostSpan, column: string): string =>
  `toFloat64(toUnixTimestamp64Nano(${column}) - ${from} * 1000000000)`

function within(table: string, span: HostSpan): string {
  const keys = [...SERIES, 'Host', 'HostName', 'RangeMax', 'Attributes'].join(', ')
  return `SELECT ${SERIES.join(', ')}, Host, HostName, toString(RangeMax) AS RangeMax, Attributes, Times, Values FROM (
  SELECT ${SERIES.join(', ')}, Host, HostName, RangeMax, toJSONString(Attributes) AS Attributes,
    groupArray(${nsSince(span, 'Timestamp')}) AS Times, groupArray(toString(Value)) AS Values
  FROM ${table} WHERE ${inSpan(span)} GROUP BY ${keys})`
}

/** The samples nearest to the span, of each series on one side of it. */
function neighbours(table: string, span: HostSpan, side: 'before' | 'after'): string {
  const [sign, pick] = side === 'before' ? ['-', 'argMax'] : ['', 'argMin']
  const reach = (windows: number): string =>
    side === 'before'
      ? `Timestamp >= ${instant(span.from - windows * 60)} AND Timestamp < ${instant(span.from)}`
      : `Timestamp >= ${instant(span.to)} AND Timestamp < ${instant(span.to + windows * 60)}`
  const { host, workload } = COUNTED_WINDOWS
  const nearest = `groupArraySorted(${NEIGHBOURS})((${sign}${nsSince(span, 'Timestamp')}, toString(Value)))`
  return `SELECT ${SERIES.join(', ')}, AnyHost AS Host, AnyName AS HostName, toString(Range) AS RangeMax, Labels AS Attributes,
  arrayMap(n -> ${sign}n.1, Nearest) AS Times, arrayMap(n -> n.2, Nearest) AS Values FROM (
  SELECT ${SERIES.join(', ')}, ${pick}(r.Host, Timestamp) AS AnyHost, ${pick}(r.HostName, Timestamp) AS AnyName,
    max(r.RangeMax) AS Range, ${pick}(toJSONString(r.Attributes), Timestamp) AS Labels, ${nearest} AS Nearest
  FROM ${table} AS r
  WHERE ${ofMachine(span)} AND ${reach(host)} AND (WorkloadKind = '' OR (${reach(workload)}))
  GROUP BY ${SERIES.join(', ')})`
}

/** By meter and workload, times that are wrong, and why. */
type WrongDates = ReadonlyMap<string, ReadonlyMap<number, string>>

const PLACE = ['Quantity', 'Domain', 'Device', 'WorkloadKind', 'WorkloadId'] as const
const placeOf = (row: Readonly<Record<(typeof PLACE)[number], string>>): string =>
  PLACE.map(name => row[name]).join('\u0000')

/** Samples that a clock had dated which was set right later: the meter knew by the order in which they came. */
async function wronglyDated({ query, dialect }: Statements, span: HostSpan): Promise<WrongDates> {
  const reach = COUNTED_WINDOWS.host * 60
  const rows = await query<Record<(typeof PLACE)[number], string> & { Dates: [number, string][] }>(
    `SELECT ${PLACE.join(', ')}, groupUniqArray((${nsSince(span, 'Timestamp')}, toString(Reason))) AS Dates
FROM ${qualified(dialect, lateReadings.name)}
WHERE ${ofMachine(span)} AND Reason IN (${WRONGLY_DATED.map(quoteText).join(', ')})
  AND WindowStart >= ${minute(span.from - reach)} AND WindowStart < ${minute(span.to + reach)}
GROUP BY ${PLACE.join(', ')}`,
  )
  return new Map(rows.map(row => [placeOf(row), new Map(row.Dates)]))
}
