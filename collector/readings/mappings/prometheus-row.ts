/** Builds the table rows of Prometheus exporters. */
import { isCounter, type Quantity } from '../../../core/books/quantities.ts'
import type { Mapping } from './mapping.ts'
import { factor, type UnitFactor } from './scale.ts'

/** J to µJ. */
export const JOULES = factor(1_000_000n)
/** mJ to µJ. */
export const MILLIJOULES = factor(1000n)
/** µJ, the unit of energy. */
export const MICROJOULES = factor(1n)
/** W to mW. */
export const WATTS = factor(1000n)
/** µW to mW. */
export const MICROWATTS = factor(1n, 1000n)
/** s to µs. */
export const SECONDS = factor(1_000_000n)
/** CPUs or GPUs to thousandths. */
export const UNITS = factor(1000n)
/** Bytes, the unit of memory. */
export const BYTES = factor(1n)

type Extra = Pick<Mapping, 'when' | 'hostLabels' | 'zeroIsNone'>

/** Builds rows of one exporter. Prometheus types are not trusted: the quantity decides whether it is a counter. */
export const row =
  (source: string, hostLabels: readonly string[]) =>
  (
    metric: string,
    quantity: Quantity,
    by: UnitFactor,
    locate: Mapping['locate'],
    extra: Extra = {},
  ): Mapping => ({
    source,
    metric,
    quantity,
    isCounter: isCounter(quantity),
    factor: by,
    hostLabels,
    untyped: true,
    locate,
    ...extra,
  })
