/** Combines the unit that a sender states with a row of the table. */
import { QUANTITIES, type Quantity } from '../../../core/books/quantities.ts'
import { greatestCommonDivisor } from '../../../core/model/integers.ts'
import { unitOfMeasure } from '../../../core/model/units.ts'
import type { Mapping } from './mapping.ts'
import { factor, type UnitFactor } from './scale.ts'

/** Prometheus names contain their unit: a sender that states a different unit contradicts itself. */
const NAMES_ITS_UNIT = /_(?:joules|seconds|watts?|microwatts|microjoules|bytes)(?:_total)?$/

/** The row for values in `unit`; '' is the unit of the convention. Refused if the unit does not fit the quantity. */
export function inUnit(row: Mapping, unit: string): Mapping {
  if (unit === '') return row
  const by = factorOf(row.quantity, unit)
  if (by === null) return { ...row, refused: 'unit' }
  if (by.numerator * row.factor.denominator === row.factor.numerator * by.denominator) return row
  return NAMES_ITS_UNIT.test(row.metric) ? { ...row, refused: 'unit' } : { ...row, factor: by }
}

function factorOf(quantity: Quantity, text: string): UnitFactor | null {
  const unit = unitOfMeasure(text)
  const { base, perBase } = QUANTITIES[quantity]
  if (unit === null || unit.dimension !== unitOfMeasure(base)?.dimension) return null
  const numerator = unit.numerator * perBase
  const common = greatestCommonDivisor(numerator, unit.denominator)
  return factor(numerator / common, unit.denominator / common)
}
