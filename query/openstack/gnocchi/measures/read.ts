/** Reads measures of metrics. */
import { WattlineError } from '../../../../core/catalogue/errors/errors.ts'
import { FIXED_LIMITS } from '../../../../core/catalogue/limits/limits.ts'
import type { FencedReader } from '../../../fence/fenced-reader.ts'
import type { ParameterizedSql } from '../../../fence/tables.ts'
import type { AggregationMethod } from '../model/methods.ts'
import type { GnocchiMetric, LedgerSource, PointSeries } from '../model/resource.ts'
import { ledgerStatement, type MeasureBuckets, type MeasureRow, pointsStatement } from './sql.ts'

/** Measures in order of time. Times are milliseconds. */
export interface Measures {
  readonly times: number[]
  readonly values: number[]
}

/** Series, and characters of them, that one statement names. */
const SERIES_AT_ONCE = 500
const CHARACTERS_AT_ONCE = 400_000

/** Measures of each metric, in their order. @throws WattlineError `sql_limit` for more than an answer may have */
export async function readMeasures(
  reader: FencedReader,
  tenant: string,
  metrics: readonly GnocchiMetric[],
  method: AggregationMethod,
  buckets: MeasureBuckets,
): Promise<readonly Measures[]> {
  const found = metrics.map((): Measures => ({ times: [], values: [] }))
  let left = FIXED_LIMITS.gnocchiMeasures
  const add = async (statement: ParameterizedSql): Promise<void> => {
    const rows = await reader.query<MeasureRow>(statement.text, statement.params)
    left -= rows.length
    if (left < 0) throw tooMany()
    for (const { id, at, value } of rows) {
      const measures = found[id - 1]!
      measures.times.push(at)
      measures.values.push(value)
    }
  }
  for (const series of seriesBatches(metrics))
    await add(pointsStatement(tenant, series, method, buckets, left + 1))
  for (const sources of ledgerBatches(metrics))
    await add(ledgerStatement(tenant, sources, method, buckets, left + 1))
  return found
}

const tooMany = (): WattlineError =>
  new WattlineError(
    'sql_limit',
    `The answer would have more than ${FIXED_LIMITS.gnocchiMeasures} measures. Ask with start and stop for a shorter time, for a coarser granularity, or for fewer metrics.`,
  )

type Numbered<Source> = Source & { readonly id: number }

/** All series of a metric are in one batch, or they would not be aggregated together. */
function seriesBatches(metrics: readonly GnocchiMetric[]): readonly Numbered<PointSeries>[][] {
  const batches: Numbered<PointSeries>[][] = []
  let characters = Number.POSITIVE_INFINITY
  for (const [index, { source }] of metrics.entries()) {
    if (source.kind !== 'points') continue
    const own = source.series.map(one => ({ ...one, id: index + 1 }))
    const size = own.reduce((sum, one) => sum + one.labels.length + one.resource.length, 0)
    const last = batches.at(-1)
    if (
      last === undefined ||
      characters + size > CHARACTERS_AT_ONCE ||
      last.length + own.length > SERIES_AT_ONCE
    ) {
      batches.push(own)
      characters = size
    } else {
      last.push(...own)
      characters += size
    }
  }
  return batches
}

/** Of one column, measure and currency. */
function ledgerBatches(metrics: readonly GnocchiMetric[]): readonly Numbered<LedgerSource>[][] {
  const kinds = new Map<string, Numbered<LedgerSource>[]>()
  for (const [index, { source }] of metrics.entries()) {
    if (source.kind !== 'ledger') continue
    const key = JSON.stringify([source.column, source.measure.name])
    const list = kinds.get(key) ?? []
    kinds.set(key, list)
    list.push({ ...source, id: index + 1 })
  }
  return [...kinds.values()].flatMap(all =>
    Array.from({ length: Math.ceil(all.length / SERIES_AT_ONCE) }, (_, batch) =>
      all.slice(batch * SERIES_AT_ONCE, (batch + 1) * SERIES_AT_ONCE),
    ),
  )
}
