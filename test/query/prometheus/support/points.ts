/** Rows of metric points, completed with defaults. */
import type { metricPoints } from '../../../../core/model/streams/index.ts'
import type { RowOf } from '../../../../core/model/streams/stream.ts'

export type PointRow = RowOf<typeof metricPoints>

/** Nanoseconds of a time in seconds. */
export const nanoS = (seconds: number): bigint => BigInt(Math.round(seconds * 1000)) * 1_000_000n

/** The NaN that ends a series. */
export const staleValue = new Float64Array(BigUint64Array.of(0x7ff0_0000_0000_0002n).buffer)[0]!

/** Columns that all tables of points have. */
export const OF_POINT = {
  Tenant: 'default',
  MetricName: 'up',
  ServiceName: 'web',
  Labels: '{}',
  Resource: '{"service.name":"web","service.instance.id":"a:1"}',
  Meta: '{"description":"","unit":""}',
  Kind: 0,
  StartTimeUnix: 0n,
  TimeUnix: 0n,
  Flags: 0,
  Exemplars: '',
}

export const pointRow = (row: Partial<PointRow>): PointRow => ({ ...OF_POINT, Value: 0, ...row })

/** Samples of one series, one each `stepS` from a time in seconds. */
export const seriesRows = (
  from: { readonly startS: number; readonly stepS: number; readonly values: readonly number[] },
  row: Partial<PointRow>,
): PointRow[] =>
  from.values.map((Value, index) =>
    pointRow({ ...row, Value, TimeUnix: nanoS(from.startS + index * from.stepS) }),
  )
