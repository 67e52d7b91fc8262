import type { Quantity } from '../../books/quantities.ts'
import type { BuiltInRow } from '../row.ts'

/** What a row has beside its metric, quantity and unit. */
export type RowRest = Omit<BuiltInRow, 'source' | 'metric' | 'quantity' | 'unit'>

/** Builds rows of one source; `common` applies to all of them. */
export const rowsOf =
  (source: string, common: RowRest = {}) =>
  (metric: string, quantity: Quantity, unit: string, rest: RowRest): BuiltInRow => ({
    source,
    metric,
    quantity,
    unit,
    ...common,
    ...rest,
  })
