/** Combines the unit that a sender states with a row of the table. */
import { QUANTITIES, type Quantity } from '../../../core/books/quantities.ts'
import type { Rational } from '../../../core/model/decimal.ts'
import { greatestCommonDivisor } from '../../../core/model/integers.ts'
import { unitOfMeasure } from '../../../core/model/units.ts'
import type { Mapping } from './mapping.ts'
import { scaleFactor, type UnitFactor } from './scale.ts'

export type { UnitFactor } from './scale.ts'

/** Prometheus names contain their unit: a sender that states a different unit contradicts itself. */
const NAMES_ITS_UNIT = /_(?:joules|seconds|watts?|microwatts|microjoules|bytes)(?:_total)?$/

/** The row for values in `unit`; '' is the unit of the convention. Refused if the unit does not fit the quantity. */
export function inUnit(row: Mapping, unit: string): Mapping {
  if (unit === '' || unit === row.unitAs) return row
  const by = unitFactor(row.quantity, unit)
  if (by === null) return { ...row, refused: 'unit' }
  if (by.numerator * row.factor.denominator === row.factor.numerator * by.denominator) return row
  return NAMES_ITS_UNIT.test(row.metric) ? { ...row, refused: 'unit' } : { ...row, factor: by }
}

/** Converts from a unit, and steps of it, to the integer of the quantity; null: it is not a unit of the quantity. */
export function unitFactor(quantity: Quantity, text: string, step: Rational = ONE): UnitFactor | null {
  const unit = unitOfMeasure(text)
  const { base, perBase } = QUANTITIES[quantity]
  if (unit === null || unit.dimension !== unitOfMeasure(base)?.dimension) return null
  const numerator = unit.numerator * perBase * step.numerator
  const denominator = unit.denominator * step.denominator
  const common = greatestCommonDivisor(numerator, denominator)
  return scaleFactor(numerator / common, denominator / common)
}

const ONE: Rational = { numerator: 1n, denominator: 1n }
