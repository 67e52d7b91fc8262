/** How rows of the table for exporters of Prometheus are written. */
import type { MappedQuantity, Mapping } from './mapping.ts'
import { factor, type UnitFactor } from './scale.ts'

export const JOULES = factor(1_000_000n)
export const MILLIJOULES = factor(1000n)
export const MICROJOULES = factor(1n)
export const WATTS = factor(1000n)
export const MICROWATTS = factor(1n, 1000n)
export const SECONDS = factor(1_000_000n)
export const UNITS = factor(1000n)
export const BYTES = factor(1n)

type Extra = Pick<Mapping, 'when' | 'hostLabels' | 'zeroIsNone'>

export const row =
  (source: string, hostLabels: readonly string[]) =>
  (
    metric: string,
    quantity: MappedQuantity,
    kind: 'counter' | 'gauge',
    by: UnitFactor,
    locate: Mapping['locate'],
    extra: Extra = {},
  ): Mapping => ({ source, metric, quantity, kind, factor: by, hostLabels, untyped: true, locate, ...extra })
