import { FIELD } from '../../core/protobuf/otlp/fields.ts'
import type { PointShape } from './metric.ts'

const { Metric, NumberDataPoint, HistogramDataPoint, ExponentialHistogramDataPoint, SummaryDataPoint } = FIELD

interface ShapeFields {
  /** The field of Metric that contains the points. */
  readonly data: number
  /** Fields of a point whose number differs between shapes. */
  readonly attributes: number
  readonly flags: number
  /** 0: it has none. */
  readonly exemplars: number
}

type PointFields = Omit<ShapeFields, 'data' | 'exemplars'> & { readonly exemplars?: number }

const shape = (data: number, { attributes, flags, exemplars = 0 }: PointFields): ShapeFields => ({
  data,
  attributes,
  flags,
  exemplars,
})

/** The OTLP form of each Prometheus shape. All points have time, start and count in the same fields. */
export const SHAPES: Readonly<Record<PointShape, ShapeFields>> = {
  number: shape(Metric.gauge, NumberDataPoint),
  classic: shape(Metric.histogram, HistogramDataPoint),
  native: shape(Metric.exponentialHistogram, ExponentialHistogramDataPoint),
  quantiles: shape(Metric.summary, SummaryDataPoint),
}
